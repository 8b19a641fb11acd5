#include "cli/scale_explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/lag_table.h"

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

std::string consumers(int64_t count) {
  return concat(std::to_string(count), count == 1 ? " consumer" : " consumers");
}

std::string why_steady(const ScaleAssessment& s) {
  if (s.needed_with_room < s.current) return "it has as few as min allows";
  return s.needed < s.current ? "it has as many as it needs with a tenth of room" : "it has as many as it needs";
}

// Why nothing can be said of what it needs; empty when it can.
std::string why_blind(const ScaleAssessment& s) {
  switch (s.outcome) {
    case ScaleOutcome::kUnknownMembers:
      return "how many members it has cannot be told";
    case ScaleOutcome::kNoMembers:
      return "it has no members, and more consumers do not mend what stopped them";
    case ScaleOutcome::kRebalancing:
      return "its members are just being given their partitions";
    case ScaleOutcome::kMissingData:
      return "lag or rates of a partition are not known now";
    case ScaleOutcome::kNotMeasured:
      return concat("what one consumer can read is not measured: that takes 5 minutes in which every assigned partition is behind, and ",
                    std::to_string(s.busy_minutes), s.busy_minutes == 1 ? " was" : " were", " seen");
    default:
      return {};
  }
}

std::string why_no_change(const ScaleAssessment& s) {
  switch (s.outcome) {
    case ScaleOutcome::kPartitions:
      return "more are needed, but would get no partition";
    case ScaleOutcome::kMost:
      return "more are needed than max allows";
    case ScaleOutcome::kStabilising:
      return std::clamp(s.needed, s.lower, s.upper) > s.current ? "more are wanted, but have not been throughout stabilise_out yet"
                                                                : "fewer are wanted, but have not been throughout stabilise_in yet";
    case ScaleOutcome::kLagNotFalling:
      return "fewer are wanted, but partitions are behind and the lag does not fall";
    case ScaleOutcome::kNoGain:
      return "the last scale-out did not make it read more, so something else holds it back; none further for an hour";
    case ScaleOutcome::kTurns:
      return "its direction has changed as often as is allowed within 24 hours";
    case ScaleOutcome::kMinChange:
      return "the change is below min_change";
    case ScaleOutcome::kCooldown:
      return concat("the last command is younger than start_up, ", lag_duration(s.cooldown_ms));
    case ScaleOutcome::kUnheeded:
      return "the command for it was given already and nobody has heeded it; it is given again after repeat_after";
    default:
      return {};
  }
}

// (1200/s produced + 360000 records of lag / 10m) / 400.0/s of one = 5 rounded up; 6 to deal out partitions whole
std::string sum_text(const ScaleAssessment& s) {
  return concat("(", lag_rate(s.produced_milli), "/s produced + ", std::to_string(s.lag_records), " records of lag / ",
                lag_duration(s.catch_up_ms), ") / ", lag_rate(s.rate_of_one_milli), "/s of one = ", std::to_string(s.uncapped),
                " rounded up", s.needed == s.uncapped ? "" : concat("; ", std::to_string(s.needed), " to deal out partitions whole"),
                "; the rate of one is of ", std::to_string(s.busy_minutes), " minutes");
}

template <class Number>
Json known(bool is_known, Number number) {
  return is_known ? Json(number) : Json(nullptr);
}

}  // namespace

std::string scale_reason(const ScaleAssessment& s) {
  if (!s.need_known()) return why_blind(s);
  if (s.outcome == ScaleOutcome::kSteady) return why_steady(s);
  if (s.outcome != ScaleOutcome::kCommand) return why_no_change(s);
  return concat(s.mode == ActionMode::kPropose ? "proposes " : "commands ", consumers(s.desired));
}

std::vector<std::string> scale_lines(const ScaleAssessment& s) {
  std::string head =
      s.members_known() ? concat("  scaling  has ", consumers(s.current)) : std::string("  scaling  has an unknown number of consumers");
  if (s.need_known()) head += concat(", needs ", std::to_string(s.needed));
  if (s.load_known())
    head += concat("; ", std::to_string(s.max_useful), " can have a partition, ", std::to_string(s.lower), " to ", std::to_string(s.upper),
                   " are allowed");
  std::vector<std::string> out = {std::move(head)};
  if (s.need_known()) out.push_back(concat("      ", sum_text(s)));
  const std::string held =
      s.need_known() && s.desired != s.current ? concat("holds instead of going to ", std::to_string(s.desired)) : "holds";
  const std::string verb = hold_reason(s.outcome).empty() ? "" : concat(held, ", ");
  out.push_back(concat("      ", verb, scale_outcome_name(s.outcome), ": ", scale_reason(s)));
  out.emplace_back("      judged by what --since reads; a worker has seen more, and what it found is headroom_lag_scaling_outcome");
  return out;
}

std::string scale_json(const LagGroupRow& row) {
  const ScaleAssessment& s = *row.scaling;
  const Json json = {{"time", format_rfc3339(s.time_ms)},
                     {"cluster", row.cluster},
                     {"group", row.group},
                     {"scaling",
                      {{"outcome", scale_outcome_name(s.outcome)},
                       {"why", scale_reason(s)},
                       {"mode", s.mode == ActionMode::kPropose ? "propose" : "apply"},
                       {"current", known(s.members_known(), s.current)},
                       {"needed", known(s.need_known(), s.needed)},
                       {"desired", known(s.need_known(), s.desired)},
                       {"max_useful", known(s.load_known(), s.max_useful)},
                       {"lower", known(s.load_known(), s.lower)},
                       {"upper", known(s.load_known(), s.upper)},
                       {"uncapped", known(s.need_known(), s.uncapped)},
                       {"produced_per_second", known(s.load_known(), static_cast<double>(s.produced_milli) / 1000)},
                       {"lag_records", known(s.load_known(), s.lag_records)},
                       {"catch_up_seconds", known(s.load_known(), static_cast<double>(s.catch_up_ms) / 1000)},
                       {"rate_of_one_per_second", known(s.need_known(), static_cast<double>(s.rate_of_one_milli) / 1000)},
                       {"busy_minutes", known(s.load_known(), s.busy_minutes)}}}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headroom
