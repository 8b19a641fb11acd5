#include "operators/load_assessment.h"

#include "policy/capacity_policy.h"
#include "policy/saturating.h"

namespace headroom {
namespace {

LoadEvidence evidence_of(const LoadAssessment& assessment) {
  const ChoiceEvidence& from = assessment.choice.evidence;
  LoadEvidence to;
  to.metric = assessment.metric;
  to.forecast = forecast_standing_name(from.standing);
  to.withheld = assessment.withheld;
  to.load = from.load;
  to.capacity = from.capacity;
  to.capacity_spread = from.capacity_spread;
  to.target_utilisation = from.target;
  to.reactive = from.reactive;
  to.expected_load = from.expected_load;
  to.predicted = from.forecast;
  to.stabilised = from.stabilised;
  to.surprise = from.surprise;
  to.lead_ms = from.lead_ms;
  to.start_up_ms = from.start_up_ms;
  to.relative_error = from.relative_error;
  to.scored = from.scored;
  to.by_forecast = from.by_forecast;
  to.turns_left = from.turns_left;
  if (assessment.mode == ActionMode::kPropose && assessment.shadow.ticks > 0) {
    const ShadowScore& score = assessment.shadow;
    const auto all = static_cast<double>(score.ticks);
    to.shadow = ShadowEvidence{.ticks = score.ticks,
                               .short_proposed = static_cast<double>(score.short_proposed) / all,
                               .short_running = static_cast<double>(score.short_running) / all,
                               .replicas_proposed = static_cast<double>(score.replicas_proposed) / all,
                               .replicas_running = static_cast<double>(score.replicas_running) / all};
  }
  return to;
}

}  // namespace

std::optional<ForecastReport> forecast_of(const LoadOutput& output) {
  const auto* report = std::get_if<ForecastReport>(&output);
  return report == nullptr ? std::nullopt : std::optional(*report);
}

std::optional<ScaleAction> load_command_of(const LoadOutput& output) {
  const auto* assessment = std::get_if<LoadAssessment>(&output);
  if (assessment == nullptr || !assessment->choice.command) return std::nullopt;
  const ScaleChoice& choice = assessment->choice;
  ScaleAction action;
  action.target = assessment->target;
  action.mode = assessment->mode;
  action.code = scale_cause_name(choice.cause);
  action.time_ms = assessment->time_ms;
  action.expiry_ms = saturating_add(assessment->time_ms, assessment->expiry_ms);
  action.current = choice.current;
  action.desired = choice.desired;
  action.max_useful = assessment->most;
  action.lower = assessment->least;
  action.upper = assessment->most;
  action.uncapped = choice.wanted;
  action.evidence = evidence_of(*assessment);
  return action;
}

}  // namespace headroom
