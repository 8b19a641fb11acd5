#include "base/concat.h"
#include "config/settings.h"
#include "operators/predictive_scaling_params.h"

namespace headroom {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kHourMs = 60 * kMinuteMs;

constexpr TextRule kTopicRule{"[A-Za-z0-9._-]+", "a Kafka topic name", 249};
constexpr TextRule kTargetRule{"[^\\x00-\\x1f]+", "a pattern of targets: ** any run of characters, * one within a part, ? one", 512};
constexpr TextRule kMetricRule{"[^\\x00-\\x1f]+", "the name of a metric", 512};
constexpr TextRule kMetricOrNoneRule{"[^\\x00-\\x1f]*", "the name of a metric, or empty", 512};

void declare_threshold(SettingVisitor& v, ThresholdRule& rule) {
  v.number({"below", "Expected load under which one step in is made, if the present load is below it too."}, rule.below, {0, 1e30});
  v.number({"above", "Expected load above which one step out is made."}, rule.above, {0, 1e30});
  v.rule({"below", "above"}, "below must be less than above", rule.below < rule.above);
  v.duration({"horizon", "How far ahead is looked: the first horizon of the forecast that reaches it."}, rule.horizon_ms,
             {kSecondMs, 24 * kHourMs});
  v.integer({"step", "Replicas that a decision adds or takes."}, rule.step, {1, kMostReplicas});
  v.duration({"wait", "Time between two decisions."}, rule.wait_ms, {0, 24 * kHourMs});
}

void declare_rates(SettingVisitor& v, ScaleRateLimits& rates) {
  v.duration({"period", "The time that the limits are for."}, rates.period_ms, {kSecondMs, kHourMs});
  v.number({"out_share", "Out by at most this share of what there was ..."}, rates.out_share, {0, 1000});
  v.integer({"out_replicas", "... or by this many, whichever is more."}, rates.out_replicas, {0, kMostReplicas});
  v.number({"in_share", "In by at most this share ..."}, rates.in_share, {0, 1});
  v.integer({"in_replicas", "... or by this many, whichever is more."}, rates.in_replicas, {0, kMostReplicas});
}

void declare_capacity(SettingVisitor& v, PredictiveRule& rule) {
  ScaleDecisionParams& decision = rule.decision;
  v.number({"capacity", "Load that one replica carries when it is fully used; 0: learned from load, replicas and `utilisation`."},
           rule.capacity, {0, 1e30});
  v.choice({"quantile", "Which quantile of what is expected the replicas are to carry."}, decision.capacity_policy.quantile,
           {{"point", ForecastQuantile::kPoint},
            {"0.5", ForecastQuantile::kQ50},
            {"0.8", ForecastQuantile::kQ80},
            {"0.9", ForecastQuantile::kQ90},
            {"0.95", ForecastQuantile::kQ95},
            {"0.99", ForecastQuantile::kQ99}});
  v.number({"target_utilisation", "Share of a replica's capacity that what is expected may take."},
           decision.capacity_policy.target_utilisation, {0.01, 1});
  v.number({"most_premium", "The quantile counts up to this many times the middle of what is expected."}, decision.most_premium, {1, 1000});
  v.number({"highest_target", "Share of a replica's capacity that the present load may take; lowered where loads rise fast ..."},
           decision.target.highest, {0.01, 1});
  v.number({"lowest_target", "... down to this."}, decision.target.lowest, {0.01, 1});
  v.rule({"highest_target", "lowest_target"}, "lowest_target must not be above highest_target",
         decision.target.lowest <= decision.target.highest);
}

void declare_times(SettingVisitor& v, ScaleDecisionParams& decision) {
  v.duration({"start_up", "From a command until its replicas serve; used until five start-ups have been seen."}, decision.start_up_ms,
             {0, kHourMs});
  v.duration({"stabilise_out", "Go out to the least that was needed throughout this."}, decision.out_window_ms,
             {0, StabilisedNeed::kMostWindowMs});
  v.duration({"stabilise_in", "Go in to the most that was needed at any time within this."}, decision.in_window_ms,
             {0, StabilisedNeed::kMostWindowMs});
  v.duration({"expiry", "How long a command may be carried out; in a gap the last one is repeated before."}, decision.expiry_ms,
             {kMinuteMs, kHourMs});
}

void declare_changes(SettingVisitor& v, ScaleDecisionParams& decision) {
  v.number({"min_change_out", "The present load leads out only by this share of the replicas or more."}, decision.min_change_out, {0, 1});
  v.number({"min_change_forecast", "What is expected leads out only by this share or more."}, decision.min_change_forecast, {0, 1});
  v.number({"min_change_in", "In only by this share or more."}, decision.min_change_in, {0, 1});
  v.choice({"turns",
            "Whose changes of direction are limited to six in 24 hours: those that forecasts begin, or all, which costs more where "
            "loads are bursty."},
           decision.turn_budget, {{"forecast", TurnBudget::kForecast}, {"all", TurnBudget::kAll}});
  v.visit_section({"rates", "How fast the replicas may change."}, [&](SettingVisitor& part) { declare_rates(part, decision.rates); });
}

}  // namespace

void declare(SettingVisitor& v, PredictiveRule& rule) {
  v.text({"target", "The targets that this is for."}, rule.target, kTargetRule);
  v.rule({"target"}, "target must be given", !rule.target.empty());
  v.text(
      {"load", "The metric that is forecast and carried by the replicas; a name that ends in _total is a counter, and its rate is meant."},
      rule.load, kMetricRule);
  v.text({"utilisation", "The metric that says how busy replicas are, 0 to 1; empty: none."}, rule.utilisation, kMetricOrNoneRule);
  v.choice({"size", "The forecaster: 32 KiB of state a target, or 4 KiB."}, rule.size,
           {{"headroom", ForecastSize::kHeadroom}, {"headroom_small", ForecastSize::kSmall}});
  v.choice({"policy", "capacity: as many replicas as carry the load; threshold: one step when what is expected passes a number."},
           rule.policy, {{"capacity", ScalePolicy::kCapacity}, {"threshold", ScalePolicy::kThreshold}});
  v.integer({"min", "Never ask for fewer replicas."}, rule.decision.least, {0, kMostReplicas});
  v.integer({"max", "Never ask for more replicas."}, rule.decision.most, {1, kMostReplicas});
  v.rule({"min", "max"}, "min must not be above max", rule.decision.least <= rule.decision.most);
  declare_capacity(v, rule);
  v.rule({"policy", "capacity", "utilisation"}, "the policy capacity needs `capacity`, or `utilisation` to learn it from",
         rule.policy == ScalePolicy::kThreshold || rule.capacity > 0 || !rule.utilisation.empty());
  v.visit_section({"threshold", "For the policy threshold."}, [&](SettingVisitor& part) { declare_threshold(part, rule.threshold); });
  declare_times(v, rule.decision);
  declare_changes(v, rule.decision);
  v.choice({"mode",
            "Whether commands are for carrying out (apply) or for watching (propose): decided then as if they had been carried out, "
            "with a scorecard beside."},
           rule.mode, {{"apply", ActionMode::kApply}, {"propose", ActionMode::kPropose}});
}

void declare(SettingVisitor& v, PredictiveScalingParams& params) {
  v.text({"topic", "The topic that samples and ticks are read from."}, params.topic, kTopicRule);
  v.text({"action_topic", "The topic that scale commands are written to."}, params.action_topic, kTopicRule);
  v.text({"forecast_topic", "The topic that forecasts are written to."}, params.forecast_topic, kTopicRule);
  v.boolean({"write_forecasts", "Whether forecasts are written at all; decisions do not depend on it."}, params.write_forecasts);
  v.duration({"step", "Loads are forecast as means over steps of this length, 1, 5 and 15 steps ahead."}, params.step_ms,
             {10 * kSecondMs, kHourMs});
  v.duration({"decision_interval", "How often is decided, at the first tick after each."}, params.decision_interval_ms,
             {kSecondMs, 10 * kMinuteMs});
  v.duration({"metric_delay", "How old samples are when they come: a step that nothing followed waits this long for them."},
             params.metric_delay_ms, {0, 10 * kMinuteMs});
  v.integer({"max_instances", "Instances of a target whose load is summed up; further ones are counted and left out."},
            params.most_instances, {1, 100'000});
  v.integer({"seed", "Where the forecasters' chance begins."}, params.seed, {0, int64_t{1} << 53});
  v.list({"targets", "What is forecast and scaled; the first rule that fits a target counts. No other target is."}, params.targets);
  std::string fault;
  for (const PredictiveRule& rule : params.targets)
    if (fault.empty()) fault = predictive_rule_fault(params, rule);
  v.rule({"targets", "step", "metric_delay", "decision_interval"}, fault.empty() ? "forecasts must reach as far as commands take" : fault,
         fault.empty());
}

ScaleDecisionParams decision_params(const PredictiveScalingParams& params, const PredictiveRule& rule) {
  ScaleDecisionParams out = rule.decision;
  out.capacity_policy.metric_delay_ms = params.metric_delay_ms;
  out.capacity_policy.decision_interval_ms = params.decision_interval_ms;
  out.silence_ms = 9 * params.decision_interval_ms;
  if (rule.capacity > 0) out.capacity = rule.capacity;
  if (rule.policy == ScalePolicy::kThreshold) {
    out.threshold = rule.threshold;
    out.threshold->least = out.least;
    out.threshold->most = out.most;
  }
  out.shadow = params.propose_only || rule.mode == ActionMode::kPropose;
  return out;
}

std::string predictive_rule_fault(const PredictiveScalingParams& params, const PredictiveRule& rule) {
  ForecastView shape;
  shape.step_ms = params.step_ms;
  const Status checked = check_scale_decision(decision_params(params, rule), shape);
  return checked ? std::string() : concat("of ", rule.target, ": ", checked.message());
}

}  // namespace headroom
