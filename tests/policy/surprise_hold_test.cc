#include "policy/surprise_hold.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;

TEST(SurpriseHold, remembers_for_an_hour_what_a_burst_asked_for) {
  SurpriseHold hold;
  hold.see({}, {.time_ms = 0, .full_replicas = 2.4, .present = 1, .need = 3});
  EXPECT_EQ(hold.floor(59 * kMinuteMs), 3);
  EXPECT_EQ(hold.floor(60 * kMinuteMs), 0);
}

TEST(SurpriseHold, is_prolonged_by_the_next_surprise_and_keeps_the_larger_need) {
  SurpriseHold hold;
  hold.see({}, {.time_ms = 0, .full_replicas = 3, .present = 1, .need = 5});
  hold.see({}, {.time_ms = 50 * kMinuteMs, .full_replicas = 5.5, .present = 5, .need = 4});
  EXPECT_EQ(hold.floor(109 * kMinuteMs), 5);
  EXPECT_EQ(hold.begun_ms.size(), 1U);
}

TEST(SurpriseHold, leaves_a_load_that_fits_and_one_that_is_far_too_large_alone) {
  SurpriseHold hold;
  hold.see({}, {.time_ms = 0, .full_replicas = 1, .present = 1, .need = 2});
  hold.see({}, {.time_ms = 0, .full_replicas = 30, .present = 1, .need = 40});
  EXPECT_EQ(hold.floor(1), 0);
}

TEST(SurpriseHold, begins_only_so_often_in_24_hours) {
  const SurpriseRule rule{.hold_ms = kMinuteMs, .a_day = 2};
  SurpriseHold hold;
  int64_t held = 0;
  for (int64_t minute = 0; minute < 1440; minute += 10) {
    hold.see(rule, {.time_ms = minute * kMinuteMs, .full_replicas = 2, .present = 1, .need = 3});
    held += hold.floor(minute * kMinuteMs) > 0 ? 1 : 0;
  }
  EXPECT_EQ(held, 2);
  hold.see(rule, {.time_ms = 1440 * kMinuteMs, .full_replicas = 2, .present = 1, .need = 3});
  EXPECT_EQ(hold.floor(1440 * kMinuteMs), 3);
}

}  // namespace
}  // namespace headroom
