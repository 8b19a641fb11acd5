#include "config/settings.h"
#include "operators/lag_scaling_params.h"
#include "policy/consumers_needed.h"
#include "policy/stabilised_need.h"

namespace headroom {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;

constexpr TextRule kGroupRule{"[^\\x00-\\x1f]+", "a pattern of groups: * any run of characters, ? one", 512};
constexpr TextRule kTargetRule{"([^\\x00-\\x1f{}]|\\{group\\}|\\{cluster\\})+", "a target in which {cluster} and {group} may stand", 512};

// One target for many groups would get the commands of all of them in turn.
bool names_one_group(const LagScalingRule& rule) {
  return rule.target.find("{group}") != std::string::npos || rule.group.find_first_of("*?") == std::string::npos;
}

void declare_times(SettingVisitor& v, LagScalingRule& rule) {
  v.duration({"catch_up", "The time within which the lag is to be gone."}, rule.catch_up_ms, {kMinuteMs, 7 * kDayMs});
  v.duration({"start_up", "From a command until a new consumer reads at its full rate; at least this lies between two commands."},
             rule.start_up_ms, {10 * kSecondMs, kHourMs});
  v.duration({"stabilise_out", "Scale out to the least that was needed throughout this."}, rule.out_window_ms,
             {0, StabilisedNeed::kMostWindowMs});
  v.duration({"stabilise_in", "Scale in to the most that was needed at any time within this."}, rule.in_window_ms,
             {0, StabilisedNeed::kMostWindowMs});
  v.duration({"repeat_after", "When a command that nobody heeded is said again."}, rule.repeat_after_ms, {kMinuteMs, 7 * kDayMs});
}

}  // namespace

void declare(SettingVisitor& v, LagScalingRule& rule) {
  v.text({"group", "The groups that this is for."}, rule.group, kGroupRule);
  v.text({"target", "What the commands are for, as downstream scalers know it."}, rule.target, kTargetRule);
  v.rule({"group", "target"}, "target must name {group} when the pattern is for more than one", names_one_group(rule));
  v.integer({"min", "Never ask for fewer consumers."}, rule.least, {1, kMostConsumers});
  v.integer({"max", "Never ask for more consumers; 0: as many as can have a partition."}, rule.most, {0, kMostConsumers});
  v.rule({"min", "max"}, "min must not be above max", rule.most == 0 || rule.least <= rule.most);
  declare_times(v, rule);
  v.number({"min_change", "A change below this share of the consumers is not worth a command."}, rule.min_change, {0, 1});
  v.choice({"assignor",
            "How the group's consumers share partitions: with range only as many can have one as the largest topic has, with all others as "
            "many as there are."},
           rule.assignor,
           {{"range", Assignor::kRange},
            {"round_robin", Assignor::kRoundRobin},
            {"sticky", Assignor::kSticky},
            {"cooperative_sticky", Assignor::kCooperativeSticky},
            {"uniform", Assignor::kUniform}});
  v.choice({"mode", "Whether commands are for carrying out (apply) or for watching (propose)."}, rule.mode,
           {{"apply", ActionMode::kApply}, {"propose", ActionMode::kPropose}});
}

void declare(SettingVisitor& v, LagScalingParams& params) {
  v.list({"groups", "Groups whose consumers are scaled; the first that fits counts. No other group is."}, params.groups);
}

}  // namespace headroom
