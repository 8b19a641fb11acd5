#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "config/settings_reader.h"
#include "headroom/testing/every_cut.h"
#include "headroom/testing/topology_driver.h"
#include "topologies/predictive_scaling.h"

namespace headroom::testing {

inline constexpr int64_t kLoadStartMs = 1'767'571'200'000;  // a midnight

inline PredictiveScalingParams scaling_params(const std::string& settings, Status& status) {
  PredictiveScalingParams params;
  status = read_settings_text(settings, [&params](SettingVisitor& visitor) { declare(visitor, params); });
  return params;
}
inline PredictiveScalingParams scaling_params(const std::string& settings) {
  Status status;
  return scaling_params(settings, status);
}

inline std::string sample_json(const std::string& target, const std::string& metric, int64_t time_ms, double value,
                               const std::string& instance = {}) {
  return R"({"target":")" + target + R"(","metric":")" + metric + R"(","time_ms":)" + std::to_string(time_ms) + R"(,"value":)" +
         std::to_string(value) + (instance.empty() ? "" : R"(,"labels":{"instance":")" + instance + R"("})") + "}";
}
inline Input tick_json(int64_t time_ms) {
  return {.key = {}, .value = R"({"tick_ms":)" + std::to_string(time_ms) + R"(,"source":"test","interval_ms":15000})", .timestamp_ms = -1};
}

// A load that rises and falls within two hours, as two instances see it.
inline double load_at(int64_t second) {
  return 1000 + 600 * std::sin(static_cast<double>(second) / 7200 * 6.2831853);
}

// The log of targets that are measured every 15 s, replicas every minute, with a tick after each; `silent` says when a target says nothing.
template <class Silent>
std::vector<Input> load_log(const std::vector<std::string>& targets, int64_t minutes, int64_t replicas, Silent silent) {
  std::vector<Input> log;
  for (int64_t second = 0; second < minutes * 60; second += 15) {
    const int64_t time_ms = kLoadStartMs + second * 1000;
    for (const std::string& target : targets) {
      if (silent(target, second)) continue;
      for (const std::string instance : {"a", "b"})
        log.push_back({target, sample_json(target, "requests_per_second", time_ms, load_at(second) / 2, instance), -1});
      if (second % 60 == 0) log.push_back({target, sample_json(target, "replicas", time_ms, static_cast<double>(replicas)), -1});
    }
    log.push_back(tick_json(time_ms));
  }
  return log;
}

}  // namespace headroom::testing
