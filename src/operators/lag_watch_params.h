#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "operators/lag_detector_params.h"
#include "operators/lag_scaling_params.h"

namespace headroom {

class SettingVisitor;

// Lag that is no cause for a verdict.
struct LagAllowance {
  std::string group;  // pattern of the group's name; see policy/name_pattern.h
  std::string topic;  // pattern; empty: all
  int64_t lag_records = 0;
};

// What partitions are judged by, beside the rules of operators/lag_partitions.h.
struct LagJudgingParams {
  std::vector<LagAllowance> allowed;  // the first that fits
  int64_t first_commit_interval_ms = 3'600'000;
};

struct LagWatchParams {
  std::string topic = "headroom.lag";
  std::string action_topic = "headroom.actions";
  std::string alert_topic = "headroom.alerts";
  std::string key = "{env}/{view}";  // template over labels by which the source keys its records
  LagJudgingParams judging;
  bool shipped_detectors = true;  // those of default_lag_detectors() whose names are not configured otherwise
  std::vector<LagDetectorParams> detectors;
  LagScalingParams scaling;
};

void declare(SettingVisitor& visitor, LagAllowance& allowance);
void declare(SettingVisitor& visitor, LagWatchParams& params);

// Those configured, and those shipped if they are wanted, which tell the labels of the key apart in any case.
std::vector<LagDetectorParams> detectors_of(const LagWatchParams& params);

}  // namespace headroom
