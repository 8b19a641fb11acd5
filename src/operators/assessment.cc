#include "operators/assessment.h"

#include <array>

namespace headroom {

std::string_view outcome_name(Outcome outcome) {
  static constexpr std::array<std::string_view, 9> kNames = {"late",
                                                             "no_instance",
                                                             "in_band",
                                                             "waiting_patience",
                                                             "suppressed_min_change",
                                                             "suppressed_cooldown",
                                                             "suppressed_unheeded",
                                                             "suppressed_budget",
                                                             "command"};
  return kNames[static_cast<size_t>(outcome)];
}

std::string_view suppressed_reason(Outcome outcome) {
  constexpr std::string_view kPrefix = "suppressed_";
  const std::string_view name = outcome_name(outcome);
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : std::string_view();
}

std::optional<ResizeAction> command_of(const Assessment& assessment) {
  if (assessment.outcome != Outcome::kCommand) return std::nullopt;
  static constexpr std::array<const char*, 4> kCodes = {"", "over_reserved", "under_reserved", "oom_kill"};
  ResizeAction action;
  action.target = assessment.target;
  action.container = assessment.container;
  action.resource = assessment.resource;
  action.mode = assessment.mode;
  action.code = kCodes[static_cast<size_t>(assessment.cause)];
  if (assessment.cause == Cause::kOomKill) action.instance = assessment.instance;
  action.time_ms = assessment.time_ms;
  action.expiry_ms = assessment.time_ms + kCommandExpiryMs;
  action.current = assessment.current;
  action.desired = assessment.desired;
  action.lower = assessment.lower;
  action.upper = assessment.upper;
  action.uncapped = assessment.uncapped;
  action.cooldown_ms = assessment.cooldown_ms;
  action.max_step_micro = assessment.max_step_micro;
  action.evidence = assessment.evidence;
  return action;
}

}  // namespace headroom
