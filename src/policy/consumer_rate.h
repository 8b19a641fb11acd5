#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace headroom {

// A group at one tick, as far as it tells what one of its consumers can do.
struct ConsumerTick {
  int64_t time_ms = 0;
  int64_t interval_ms = 0;
  int64_t group_milli = 0;  // consumed by all, thousandths of a record a second
  int64_t consumers = 0;    // that have partitions
  bool busy = false;        // all of them had more to read than they read
};

// What one consumer of a group can do: the 80th percentile (nearest rank) of group rate / consumers over the last 60 busy minutes. A minute
// of event time counts when its ticks cover three quarters of it, each of them was busy, and the number of consumers stayed the same. A
// high percentile, because a consumer is slowed down by many things (rebalances, a cold cache) and sped up by none.
//
// Plain data; a State may hold it. A minute is added when a tick of a later one comes. Ticks come in the order of time. One thread.
struct ConsumerRate {
  static constexpr size_t kMostMinutes = 60;
  static constexpr size_t kLeastMinutes = 5;

  std::vector<int64_t> minutes;  // thousandths of a record a second of one consumer, the oldest first
  // The minute that is under way.
  std::optional<int64_t> minute;
  int64_t sum_milli = 0;
  int64_t ticks = 0;
  int64_t covered_ms = 0;
  int64_t consumers = 0;
  bool busy = true;

  void add(const ConsumerTick& tick);
  // Thousandths of a record a second, above 0; none before five minutes were measured.
  std::optional<int64_t> rate_milli() const;
  // What was measured no longer holds.
  void forget() { *this = ConsumerRate(); }

  auto fields() { return std::tie(minutes, minute, sum_milli, ticks, covered_ms, consumers, busy); }

 private:
  void close_minute();
};

}  // namespace headroom
