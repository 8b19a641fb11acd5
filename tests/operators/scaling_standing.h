#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "operators/lag_scaling.h"

// A group as lag_watch judges it, for tests of scaling.
namespace headroom::testing {

inline constexpr int64_t kSecondMs = 1000;
inline constexpr int64_t kMinuteMs = 60 * kSecondMs;
inline constexpr int64_t kHourMs = 60 * kMinuteMs;
inline constexpr int64_t kStartMs = 1'767'571'200'000;

// One consumer that reads 1,000 records a second of the 4,000 that are produced on 60 partitions of one topic, half a million behind.
inline LagGroupStanding swamped(int64_t time_ms) {
  LagGroupStanding made;
  made.time_ms = time_ms;
  made.interval_ms = 5 * kSecondMs;
  made.cluster = "prod";
  made.group = "payments";
  made.verdict = LagVerdict::kFallingBehind;
  made.partitions = made.widest_topic = 60;
  made.assigned = made.assigned_behind = made.behind = 60;
  made.lag_records = 500'000;
  made.produced_milli = 4'000'000;
  made.consumed_milli = 1'000'000;
  made.members = 1;
  made.group_state = "Stable";
  return made;
}

// The same when all is read as it comes.
inline void drain(LagGroupStanding& standing) {
  standing.verdict = LagVerdict::kOk;
  standing.assigned_behind = standing.behind = 0;
  standing.lag_records = 0;
  standing.consumed_milli = standing.produced_milli;
}

inline LagScalingParams scaled_group(const std::function<void(LagScalingRule&)>& change = {}) {
  LagScalingParams params;
  params.groups.emplace_back().group = "pay*";
  if (change) change(params.groups.back());
  return params;
}

// A scaler and one group, tick by tick.
class ScaledGroup {
 public:
  explicit ScaledGroup(const LagScalingParams& params = scaled_group()) : op_(params) {}

  // The next tick, every five seconds; `change` says how it differs from swamped().
  std::optional<ScaleAssessment> tick(const std::function<void(LagGroupStanding&)>& change = {}) {
    LagGroupStanding standing = swamped(now_ms_);
    if (change) change(standing);
    now_ms_ += standing.interval_ms;
    const auto made = op_.step(state_, standing);
    if (made) {
      last_ = *made;
      if (const auto command = scale_command_of(*made)) commands_.push_back(*command);
    }
    return made;
  }
  // Ticks for so long; gives the last assessment.
  const ScaleAssessment& run(int64_t for_ms, const std::function<void(LagGroupStanding&)>& change = {}) {
    for (const int64_t until_ms = now_ms_ + for_ms; now_ms_ < until_ms;) tick(change);
    return last_;
  }
  // Until the rate of one is known: five busy minutes.
  void measure() {
    while (!state_.rate.rate_milli()) tick();
  }
  // Ticks until the outcome; true when it came within the time.
  bool reach(ScaleOutcome outcome, int64_t within_ms, const std::function<void(LagGroupStanding&)>& change = {}) {
    for (const int64_t until_ms = now_ms_ + within_ms; now_ms_ < until_ms;) {
      tick(change);
      if (last_.outcome == outcome) return true;
    }
    return false;
  }
  void silence(int64_t for_ms) { now_ms_ += for_ms; }

  int64_t now_ms() const { return now_ms_; }
  const ScaleAssessment& last() const { return last_; }
  const std::vector<ScaleAction>& commands() const { return commands_; }
  LagScaling::State& state() { return state_; }

 private:
  LagScaling op_;
  LagScaling::State state_;
  int64_t now_ms_ = kStartMs;
  ScaleAssessment last_;
  std::vector<ScaleAction> commands_;
};

}  // namespace headroom::testing
