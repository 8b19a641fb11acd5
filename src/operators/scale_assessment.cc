#include "operators/scale_assessment.h"

#include <array>

#include "operators/assessment.h"

namespace headroom {
namespace {

// `pattern` with {cluster} and {group} put in. What is put in is not looked at again.
std::string target_of(std::string_view pattern, std::string_view cluster, std::string_view group) {
  constexpr std::string_view kCluster = "{cluster}";
  constexpr std::string_view kGroup = "{group}";
  std::string target;
  while (!pattern.empty()) {
    if (pattern.starts_with(kCluster)) {
      target.append(cluster);
      pattern.remove_prefix(kCluster.size());
    } else if (pattern.starts_with(kGroup)) {
      target.append(group);
      pattern.remove_prefix(kGroup.size());
    } else {
      target.push_back(pattern.front());
      pattern.remove_prefix(1);
    }
  }
  return target;
}

GroupEvidence evidence_of(const ScaleAssessment& assessment) {
  return {.cluster = std::string(assessment.cluster),
          .group = std::string(assessment.group),
          .verdict = std::string(verdict_name(assessment.verdict)),
          .produced_milli = assessment.produced_milli,
          .consumed_milli = assessment.consumed_milli,
          .rate_of_one_milli = assessment.rate_of_one_milli,
          .busy_minutes = assessment.busy_minutes,
          .lag_records = assessment.lag_records,
          .max_lag_ms = assessment.max_lag_ms,
          .catch_up_ms = assessment.catch_up_ms,
          .partitions = assessment.partitions};
}

}  // namespace

std::string_view scale_outcome_name(ScaleOutcome outcome) {
  static constexpr std::array<std::string_view, 16> kNames = {
      "unknown_members", "no_members",      "rebalancing", "missing_data", "not_measured", "steady",   "partitions", "max",
      "stabilising",     "lag_not_falling", "no_gain",     "turns",        "min_change",   "cooldown", "unheeded",   "command"};
  return kNames[static_cast<size_t>(outcome)];
}

std::string_view hold_reason(ScaleOutcome outcome) {
  return outcome == ScaleOutcome::kSteady || outcome == ScaleOutcome::kCommand ? std::string_view() : scale_outcome_name(outcome);
}

std::optional<ScaleAction> scale_command_of(const ScaleAssessment& assessment) {
  if (assessment.outcome != ScaleOutcome::kCommand) return std::nullopt;
  ScaleAction action;
  action.target = target_of(assessment.target, assessment.cluster, assessment.group);
  action.mode = assessment.mode;
  action.code = assessment.desired > assessment.current ? "too_few_consumers" : "too_many_consumers";
  action.time_ms = assessment.time_ms;
  action.expiry_ms = assessment.time_ms + kCommandExpiryMs;
  action.current = assessment.current;
  action.desired = assessment.desired;
  action.max_useful = assessment.max_useful;
  action.lower = assessment.lower;
  action.upper = assessment.upper;
  action.uncapped = assessment.uncapped;
  action.cooldown_ms = assessment.cooldown_ms;
  action.evidence = evidence_of(assessment);
  return action;
}

}  // namespace headroom
