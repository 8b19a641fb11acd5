#include "forecast/season.h"

namespace headroom {

StepClock StepClock::of(int64_t step_ms, int64_t bin_ms) {
  StepClock clock;
  clock.day = std::max<int64_t>(86'400'000 / step_ms, 1);
  clock.hour = 3'600'000 / step_ms;
  clock.bin = std::max<int64_t>(bin_ms / step_ms, 1);
  if (clock.hour > 60 || clock.hour < 2) clock.hour = 0;
  return clock;
}

}  // namespace headroom
