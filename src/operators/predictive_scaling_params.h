#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "headroom/action.h"
#include "policy/scale_decision.h"

namespace headroom {

class SettingVisitor;
struct Forecast;

enum class ForecastSize : uint8_t { kHeadroom, kSmall };
enum class ScalePolicy : uint8_t { kCapacity, kThreshold };

// How the targets that fit a pattern are forecast and scaled.
struct PredictiveRule {
  std::string target;  // pattern; see policy/target_pattern.h
  std::string load = "requests_per_second";
  std::string utilisation;  // metric, 0 to 1; empty: none
  ForecastSize size = ForecastSize::kHeadroom;
  ScalePolicy policy = ScalePolicy::kCapacity;
  double capacity = 0;  // 0: learned
  ThresholdRule threshold;
  ScaleDecisionParams decision;
  ActionMode mode = ActionMode::kApply;
};

struct PredictiveScalingParams {
  std::string topic = "headroom.samples";
  std::string action_topic = "headroom.actions";
  std::string forecast_topic = "headroom.forecasts";
  bool write_forecasts = true;
  int64_t step_ms = 60'000;
  int64_t decision_interval_ms = 15'000;
  int64_t metric_delay_ms = 30'000;
  int64_t most_instances = 1000;
  int64_t seed = 1;
  std::vector<PredictiveRule> targets;
  bool propose_only = false;  // engine.propose_only
  // Not a setting: changes each forecast before anyone sees it, so that a back-test can show what a wrong model does. Usually empty.
  std::function<void(Forecast&)> distort;
};

void declare(SettingVisitor& visitor, PredictiveRule& rule);
void declare(SettingVisitor& visitor, PredictiveScalingParams& params);

// What the decision of a rule works with, as the configuration has it.
ScaleDecisionParams decision_params(const PredictiveScalingParams& params, const PredictiveRule& rule);
// The first fault of a rule that no single setting has; empty without.
std::string predictive_rule_fault(const PredictiveScalingParams& params, const PredictiveRule& rule);

}  // namespace headroom
