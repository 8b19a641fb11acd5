#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace headroom {

// What was measured of all replicas at one time.
struct CapacitySample {
  int64_t time_ms = 0;
  double load = 0;         // served by all, in the load's unit
  int64_t replicas = 0;    // that served it
  double utilisation = 0;  // mean of the replicas, 1 = saturated
};

// How much load one replica carries at a utilisation of 1, and how sure that is.
struct CapacityEstimate {
  double capacity = 0;
  double spread = 0;   // half the distance of the quartiles, relative to the median
  int64_t blocks = 0;  // quarters of an hour that it rests on
  bool sure = false;   // enough blocks that agree
};

// The capacity of a replica, learned from how busy replicas were under known loads: by the utilisation law of operational analysis (Denning
// and Buzen, "The operational analysis of queueing network models", 1978), U = X S, the load X of N replicas at utilisation U gives a
// capacity of 1 / S = X / (N U).
//
// - Idle replicas are left out (U below 0.2), because what they do besides the load would count as load; so are saturated ones (U above
// 0.95),
//   which say nothing of how much more was asked.
// - Of a quarter of an hour it is the sum of loads by the sum of N U: a least squares fit through the origin, weighted by 1 / (N U). Blocks
// with
//   fewer than 10 samples count for nothing.
// - Of the last 32 such blocks it is the median, so that a third of them may be wrong. It is sure from four blocks on whose quartiles lie
// within a
//   quarter of it.
// - A block more than ten times away from the median of at least four is not taken.
//
// Plain data; a State may hold it. Samples come in the order of time. One thread.
struct CapacityEstimator {
  static constexpr size_t kMostBlocks = 32;
  static constexpr int64_t kLeastBlocks = 4;
  static constexpr int64_t kLeastSamples = 10;
  static constexpr int64_t kBlockMs = 900'000;
  static constexpr double kLeastUtilisation = 0.2;
  static constexpr double kMostUtilisation = 0.95;
  static constexpr double kMostSpread = 0.25;

  std::vector<double> blocks;  // capacities, oldest first
  int64_t block = -1;          // the quarter of an hour under way, since the epoch
  int64_t samples = 0;
  double load_sum = 0;
  double busy_sum = 0;  // replicas x utilisation

  void add(const CapacitySample& sample);
  // None before the first block is over.
  std::optional<CapacityEstimate> estimate() const;

  auto fields() { return std::tie(blocks, block, samples, load_sum, busy_sum); }

 private:
  void close();
};

}  // namespace headroom
