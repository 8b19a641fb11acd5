#include "policy/band.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

TEST(BandPolicy, measures_an_absolute_band_in_cores) {
  const BandPolicy band(Resource::kCpu, {-0.1, 0.6, BandUnit::kAbsolute});
  EXPECT_EQ(band.lower(), -100'000);
  EXPECT_EQ(band.upper(), 600'000);
  EXPECT_EQ(band.lying_factor(2'000'000, 610'000), 1'390'000);
  EXPECT_EQ(band.recentred(610'000), 860'000);
}

TEST(BandPolicy, measures_a_ratio_band_by_what_is_reserved) {
  const BandPolicy band(Resource::kMemory, {-0.05, 0.35, BandUnit::kRatio});
  EXPECT_EQ(band.lower(), -50'000);
  EXPECT_EQ(band.upper(), 350'000);
  EXPECT_EQ(band.lying_factor(1000, 650), 350'000);
  EXPECT_EQ(band.lying_factor(3, 2), 333'333);
  EXPECT_EQ(band.lying_factor(1000, 1060), -60'000);
  EXPECT_EQ(band.recentred(850), 1000);
}

TEST(BandPolicy, takes_an_absolute_band_of_memory_in_bytes) {
  const BandPolicy band(Resource::kMemory, {-10, 21, BandUnit::kAbsolute});
  EXPECT_EQ(band.lower(), -10);
  EXPECT_EQ(band.recentred(100), 106);  // 105.5, halves to even
}

}  // namespace
}  // namespace headroom
