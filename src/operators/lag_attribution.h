#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "headroom/alert.h"
#include "headroom/operator.h"
#include "operators/lag_detector.h"
#include "operators/lag_detector_params.h"

namespace headroom {

// Adds to alerts what is known of the consumers' CPU, and the words.
//
// Remembers the last context of each group. An alert that fires is attributed by that of its worst partition's group, when its time is
// within 15 minutes of the alert's: out of CPU where the consumers use more than they reserve (lying factor below zero) or more than 90 %
// of it, on a hot host where the busiest uses more than 90 % of its CPU, in this order. Alerts that resolve are not attributed.
class LagAttribution {
 public:
  using In = LagFinding;
  using Out = AlertEvent;
  static constexpr int64_t kFreshMs = 15 * 60'000;
  static constexpr int64_t kFullMicro = 900'000;

  struct State {
    int64_t time_ms = 0;  // of the context; 0: none yet
    std::string target;
    std::string host;
    std::optional<int64_t> lying_factor_micro;
    std::optional<int64_t> cpu_used_ratio_micro;
    std::optional<int64_t> host_cpu_ratio_micro;
    auto fields() { return std::tie(time_ms, target, host, lying_factor_micro, cpu_used_ratio_micro, host_cpu_ratio_micro); }
  };

  explicit LagAttribution(const LagDetectorParams& params);

  // The group's.
  static StateKey key(const LagFinding& in);
  std::optional<AlertEvent> step(State& state, const LagFinding& in) const;
  int64_t idle_ms() const { return 4 * kFreshMs; }
  static constexpr uint32_t kStateVersion = 1;

 private:
  struct Texts {
    std::string title;
    std::string text;
    std::string resolved_text;
  };
  std::shared_ptr<const Texts> texts_;
};

}  // namespace headroom
