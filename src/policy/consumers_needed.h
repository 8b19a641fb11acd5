#pragma once

#include <algorithm>
#include <cstdint>

namespace headroom {

// What a group has to read, and what one of its consumers can. Rates are in thousandths of a record a second; nothing is negative.
struct GroupLoad {
  int64_t produced_milli = 0;
  int64_t lag_records = 0;
  int64_t catch_up_ms = 1;  // above 0: the time within which the lag is to be gone
  int64_t rate_of_one_milli = 1;
};

// More than any group has; keeps sums small.
inline constexpr int64_t kMostConsumers = 1'000'000;

namespace consumers_needed_internal {

__extension__ using Wide = __int128;

// The load in consumers as asked / each, exact: at most 2^91 / 2^90.
struct Ratio {
  Wide asked;
  Wide each;
};
inline Ratio ratio_of(const GroupLoad& load) {
  constexpr int64_t kMostMilli = 1'000'000'000'000'000;
  constexpr int64_t kMostMs = 1'000'000'000'000;
  constexpr Wide kMilliPerMs = 1'000'000;  // a record a millisecond, in thousandths of a record a second
  const Wide catch_up_ms = std::clamp<int64_t>(load.catch_up_ms, 1, kMostMs);
  return {catch_up_ms * std::clamp<int64_t>(load.produced_milli, 0, kMostMilli) + kMilliPerMs * std::max<int64_t>(load.lag_records, 0),
          catch_up_ms * std::clamp<int64_t>(load.rate_of_one_milli, 1, kMostMilli)};
}
inline int64_t rounded_up(Wide asked, Wide each) {
  return static_cast<int64_t>(std::min<Wide>((asked + each - 1) / each, kMostConsumers));
}

}  // namespace consumers_needed_internal

// ceil((produce rate + lag records / catch-up time) / rate of one), at most kMostConsumers.
inline int64_t consumers_needed(const GroupLoad& load) {
  const auto ratio = consumers_needed_internal::ratio_of(load);
  return consumers_needed_internal::rounded_up(ratio.asked, ratio.each);
}

// The least number of consumers that do when `shares` partitions with the same load are dealt out whole: 5 of 12 partitions read no more
// than 4, because some have 3 of them either way. As consumers_needed() when a partition is more than one consumer can read.
inline int64_t consumers_needed_evenly(const GroupLoad& load, int64_t shares) {
  const auto ratio = consumers_needed_internal::ratio_of(load);
  const int64_t needed = consumers_needed_internal::rounded_up(ratio.asked, ratio.each);
  if (ratio.asked == 0 || shares <= needed) return needed;
  const int64_t each_at_most = static_cast<int64_t>(std::clamp<int64_t>(shares, 1, kMostConsumers) * ratio.each / ratio.asked);
  return each_at_most == 0 ? needed : std::max(needed, (shares - 1) / each_at_most + 1);
}

}  // namespace headroom
