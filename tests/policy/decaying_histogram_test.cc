#include "policy/decaying_histogram.h"

#include <gtest/gtest.h>

#include <string>

namespace headroom {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kStartMs = 20'000 * kDayMs + 12 * 3'600'000;

TEST(DecayingHistogram, is_silent_while_empty) {
  EXPECT_EQ(DecayingHistogram().quantile(Resource::kCpu, 0.95), std::nullopt);
}

TEST(DecayingHistogram, gives_the_upper_bound_of_the_bucket) {
  const auto bound_of = [](Resource resource, int64_t units) {
    DecayingHistogram histogram;
    histogram.add(resource, units, kStartMs, kDayMs);
    return histogram.quantile(resource, 0.95);
  };
  EXPECT_EQ(bound_of(Resource::kCpu, 0), 10'000);
  EXPECT_EQ(bound_of(Resource::kCpu, 10'000), 10'000);
  EXPECT_EQ(bound_of(Resource::kCpu, 10'001), 10'500);
  EXPECT_EQ(bound_of(Resource::kCpu, 10'501), 11'025);
  EXPECT_EQ(bound_of(Resource::kCpu, 11'026), 11'576);  // 11576.25
  EXPECT_EQ(bound_of(Resource::kMemory, 1), 10'485'760);
  EXPECT_EQ(bound_of(Resource::kMemory, 10'485'761), 11'010'048);
}

TEST(DecayingHistogram, reaches_the_share_of_the_weight) {
  DecayingHistogram histogram;
  for (int i = 0; i < 19; ++i) histogram.add(Resource::kCpu, 5'000, 20'000 * kDayMs, kDayMs);  // midnight: a weight of one
  histogram.add(Resource::kCpu, 1'000'000, 20'000 * kDayMs, kDayMs);
  EXPECT_EQ(histogram.quantile(Resource::kCpu, 0.95), 10'000);
  histogram.add(Resource::kCpu, 1'000'000, 20'000 * kDayMs, kDayMs);
  EXPECT_GT(histogram.quantile(Resource::kCpu, 0.95), 1'000'000);
}

TEST(DecayingHistogram, forgets_by_half_a_half_life) {
  DecayingHistogram histogram;
  histogram.add(Resource::kCpu, 2'000'000, kStartMs, kDayMs);
  histogram.add(Resource::kCpu, 5'000, kStartMs + kDayMs, kDayMs);  // twice the weight
  EXPECT_EQ(histogram.quantile(Resource::kCpu, 0.66), 10'000);
  EXPECT_GT(histogram.quantile(Resource::kCpu, 0.67), 2'000'000);
}

TEST(DecayingHistogram, keeps_its_answers_over_decades) {
  DecayingHistogram histogram;
  for (int64_t day = 0; day < 365 * 30; day += 5) {
    histogram.add(Resource::kCpu, 2'000'000, kStartMs + day * kDayMs, kDayMs);
    histogram.add(Resource::kCpu, 5'000, kStartMs + day * kDayMs + kDayMs / 2, kDayMs);
    const auto high = histogram.quantile(Resource::kCpu, 0.95);
    ASSERT_TRUE(high && *high > 2'000'000 && *high < 2'200'000) << day;
    ASSERT_EQ(histogram.quantile(Resource::kCpu, 0.5), 10'000) << day;
  }
}

TEST(DecayingHistogram, comes_back_from_its_bytes) {
  DecayingHistogram histogram;
  for (int i = 0; i < 50; ++i) histogram.add(Resource::kMemory, 7'000'000 * i, kStartMs + i * 1000, kDayMs);
  std::string bytes;
  ByteWriter writer(bytes);
  histogram.save(writer);
  DecayingHistogram restored;
  ByteReader reader(bytes);
  ASSERT_TRUE(restored.load(reader) && reader.empty());
  std::string again;
  ByteWriter second(again);
  restored.save(second);
  EXPECT_EQ(bytes, again);
  EXPECT_EQ(restored.quantile(Resource::kMemory, 0.5), histogram.quantile(Resource::kMemory, 0.5));
  for (size_t size = 0; size < bytes.size(); ++size) {
    ByteReader cut(std::string_view(bytes).substr(0, size));
    DecayingHistogram other;
    EXPECT_FALSE(other.load(cut)) << size;
  }
}

}  // namespace
}  // namespace headroom
