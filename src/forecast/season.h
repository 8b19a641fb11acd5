#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>

#include "forecast/packed.h"
#include "forecast/series_filters.h"
#include "forecast/series_scale.h"

namespace headroom {

// How steps lie within hours, days and the bins of the season, counted from the epoch.
struct StepClock {
  int64_t day = 1440;  // steps
  int64_t hour = 60;   // steps; 0 where an hour has more than 60 or fewer than 2
  int64_t bin = 5;     // steps

  // Steps of `step_ms`, 1 s to an hour, in bins of about `bin_ms`.
  static StepClock of(int64_t step_ms, int64_t bin_ms);
};

// What a series did at this time of day and of the week: bins of a few minutes of the last days, and a slower profile of the day, both as
// log values; what stands out at each minute of the hour. A value is taken in only when nothing is learned any more from a step before it:
// so a learner that looks back sees of the season what the forecast saw that it learns from.
template <size_t Bins, size_t Slots>
struct Season {
  std::array<int16_t, Bins> bins{};  // means, a ring by the number of the bin
  std::array<int16_t, Slots> profile{};
  std::array<uint16_t, 60> hour{};  // halves; log, above the mean of the last half hour
  int64_t first_bin = -1;           // the first that is kept whole; then all up to next_bin, kNoLog where there is none
  int64_t next_bin = -1;
  float bin_sum = 0;
  int32_t bin_steps = 0;
  auto fields() { return std::tie(bins, profile, hour, first_bin, next_bin, bin_sum, bin_steps); }

  void begin() { profile.fill(kNoLog); }
  // After a gap: the bin that was being filled is not whole.
  void restart() { bin_sum = 0, bin_steps = 0; }

  // The log value at `step` as the bins have it, between their middles; NaN where they do not.
  float at(const StepClock& clock, int64_t step) const {
    const float within = (static_cast<float>(step % clock.bin) + 0.5F) / static_cast<float>(clock.bin) - 0.5F;
    const int64_t bin = step / clock.bin + (within < 0 ? -1 : 0);
    const float share = within < 0 ? within + 1 : within;
    if (share == 0) return bin_at(bin);
    return (1 - share) * bin_at(bin) + share * bin_at(bin + 1);
  }
  // Where the day has more steps than the profile places, these are bins, and what is asked for lies between their middles.
  float profile_at(const StepClock& clock, int64_t step) const {
    const int64_t in_day = step % clock.day;
    if (clock.day <= kSlots) return unpack_or_none(profile[static_cast<size_t>(in_day)]);
    const int64_t bins_a_day = std::min(clock.day / clock.bin, kSlots);
    const float at = (static_cast<float>(in_day) + 0.5F) / static_cast<float>(clock.bin) + static_cast<float>(bins_a_day) - 0.5F;
    const auto slot = static_cast<int64_t>(at);
    const float share = at - static_cast<float>(slot);
    const float before = unpack_or_none(profile[static_cast<size_t>(slot % bins_a_day)]);
    return (1 - share) * before + share * unpack_or_none(profile[static_cast<size_t>((slot + 1) % bins_a_day)]);
  }
  float hour_at(const StepClock& clock, int64_t step) const {
    float out = 0;
    if (clock.hour > 0) from_halves({&hour[static_cast<size_t>(step % clock.hour)], 1}, {&out, 1});
    return out;
  }

  void take(const StepClock& clock, int64_t step, const SeriesFilters& filters) {
    constexpr float kHourRate = 0.15F;
    if (clock.day <= kSlots) learn_profile(step % clock.day, filters.last_log);
    if (clock.hour > 0) {
      const float above = hour_at(clock, step);
      const float now = above + kHourRate * (filters.last_log - filters.log.means[1] - above);
      to_halves({&now, 1}, {&hour[static_cast<size_t>(step % clock.hour)], 1});
    }
    bin_sum += filters.last_log;
    ++bin_steps;
    if (step % clock.bin != clock.bin - 1) return;
    if (bin_steps == clock.bin) keep(clock, step / clock.bin, bin_sum / static_cast<float>(clock.bin));
    restart();
  }

  // Once more in another unit.
  template <class Again>
  void rebase(Again again) {
    for (int16_t& packed : profile)
      if (packed != kNoLog) packed = pack_log(again(unpack_log(packed)));
    for (int16_t& packed : bins)
      if (packed != kNoLog) packed = pack_log(again(unpack_log(packed)));
  }

 private:
  static constexpr auto kSlots = static_cast<int64_t>(Slots);
  static float unpack_or_none(int16_t packed) { return packed == kNoLog ? std::numeric_limits<float>::quiet_NaN() : unpack_log(packed); }
  float bin_at(int64_t bin) const {
    const bool kept = bin >= first_bin && bin < next_bin && bin >= next_bin - static_cast<int64_t>(Bins) && bin >= 0;
    return unpack_or_none(kept ? bins[static_cast<size_t>(bin) % Bins] : kNoLog);
  }
  void learn_profile(int64_t slot, float log_value) {
    constexpr float kProfileRate = 0.14F;
    int16_t& packed = profile[static_cast<size_t>(slot)];
    packed = pack_log(packed == kNoLog ? log_value : unpack_log(packed) + kProfileRate * (log_value - unpack_log(packed)));
  }
  void keep(const StepClock& clock, int64_t bin, float mean) {
    if (clock.day > kSlots) learn_profile(bin % std::min(clock.day / clock.bin, kSlots), mean);
    if (next_bin < 0) first_bin = next_bin = bin;
    next_bin = std::max(next_bin, bin - static_cast<int64_t>(Bins));
    for (; next_bin < bin; ++next_bin) bins[static_cast<size_t>(next_bin) % Bins] = kNoLog;
    bins[static_cast<size_t>(bin) % Bins] = pack_log(mean);
    next_bin = bin + 1;
  }
};

}  // namespace headroom
