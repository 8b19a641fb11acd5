#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "policy/forecast_view.h"

namespace headroom {

// A step of the load that is over.
struct ClosedStep {
  int64_t end_ms = 0;
  double value = 0;
};

// Whether forecasts are to be believed: their mean absolute error against that of persistence (the last value stays), at one horizon, over
// the last 1,440 scored steps. Above it, with at least 120 scored, they are demoted; below 0.97 of it for 240 scored steps in a row they
// are restored. A forecast is scored when its step has happened, never before; one whose step never came is not scored. While forecasts are
// withheld nothing changes.
//
// Errors are summed in blocks of 60 steps, so the window is 1,381 to 1,440 steps long and costs 24 blocks instead of 1,440 numbers. Plain
// data; a State may hold it. Steps come in the order of time; one that does not is passed over. One thread.
struct ForecastTrial {
  static constexpr size_t kBlocks = 24;
  static constexpr int64_t kBlockSteps = 60;
  static constexpr int64_t kLeastScored = 120;
  static constexpr int64_t kRestoreSteps = 240;
  static constexpr double kRestoreBelow = 0.97;
  static constexpr size_t kMostPending = 64;

  struct Pending {
    int64_t due_ms = 0;  // the end of the step that it is of
    double point = 0;
    double last = 0;  // persistence: the value at the origin
    double q95 = 0;
    auto fields() { return std::tie(due_ms, point, last, q95); }
  };
  struct Block {
    int64_t scored = 0;
    double forecast = 0;  // sum of absolute errors
    double persistence = 0;
    int64_t covered = 0;  // values at or below their 0.95 quantile
    auto fields() { return std::tie(scored, forecast, persistence, covered); }
  };
  std::vector<Pending> pending;  // by due_ms
  std::vector<Block> blocks;     // oldest first
  int64_t last_ms = 0;
  int64_t better_steps = 0;  // scored in a row with the errors below kRestoreBelow
  bool demoted = false;
  bool proven = false;  // they did better than persistence once, with enough scored; nothing is known of those of a new target

  // Scores what was expected of the step, and then takes what the forecast of that origin expects at `horizon` (an index of view.steps). A
  // forecast of another origin than the step's end is not taken.
  void add(const ClosedStep& step, const ForecastView& view, size_t horizon);

  int64_t scored() const;
  // Mean absolute error relative to persistence's over the window; 1 where both are nought, or nothing is scored.
  double relative_error() const;
  // The share of scored values at or below their 0.95 quantile; 0 when nothing is scored.
  double coverage() const;

  auto fields() { return std::tie(pending, blocks, last_ms, better_steps, demoted, proven); }

 private:
  void score(const Pending& expected, double actual);
  void judge();
};

}  // namespace headroom
