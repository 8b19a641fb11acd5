#include "policy/bucket_ring.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace headroom {
namespace {

// The same, as plainly as it can be said.
struct PlainBuckets {
  struct Bucket {
    double sum = 0;
    uint64_t count = 0;
    double max = 0;
  };
  std::map<int64_t, Bucket> buckets;

  void add(int64_t bucket, double value) {
    Bucket& held = buckets[bucket];
    held.max = held.count == 0 ? value : std::max(held.max, value);
    held.sum += value;
    ++held.count;
  }
  BucketRing::Totals totals(int64_t first, int64_t last) const {
    BucketRing::Totals totals;
    for (const auto& [bucket, held] : buckets) {
      if (bucket < first || bucket > last) continue;
      if (totals.count == 0) totals.oldest = bucket, totals.max = held.max;
      totals.sum += held.sum;
      totals.count += held.count;
      totals.max = std::max(totals.max, held.max);
    }
    return totals;
  }
};

void expect_equal(const BucketRing::Totals& a, const BucketRing::Totals& b) {
  EXPECT_EQ(a.count, b.count);
  if (a.count == 0 || b.count == 0) return;
  EXPECT_EQ(a.sum, b.sum);  // to the last bit: the order of summation is a promise
  EXPECT_EQ(a.max, b.max);
  EXPECT_EQ(a.oldest, b.oldest);
}

std::string bytes_of(const BucketRing& ring) {
  std::string bytes;
  ByteWriter writer(bytes);
  ring.save(writer);
  return bytes;
}

bool load(BucketRing& ring, std::string_view bytes) {
  ByteReader reader(bytes);
  return ring.load(reader) && reader.empty();
}

TEST(BucketRing, is_empty_at_first_and_once_cleared) {
  BucketRing ring;
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.totals(0, 100).count, 0u);
  ring.add(7, 1.5);
  EXPECT_FALSE(ring.empty());
  EXPECT_EQ(ring.totals(7, 7).count, 1u);
  ring.clear();
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.totals(7, 7).count, 0u);
}

TEST(BucketRing, keeps_the_largest_of_negative_values) {
  BucketRing ring;
  ring.add(1, -3);
  ring.add(1, -2);
  ring.add(2, -4);
  EXPECT_EQ(ring.totals(1, 2).max, -2);
  EXPECT_EQ(ring.totals(2, 2).max, -4);
}

TEST(BucketRing, agrees_with_plain_buckets_on_random_series_also_after_a_restore) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&random](uint64_t n) { return static_cast<int64_t>(random() % n); };
    BucketRing ring;
    PlainBuckets plain;
    int64_t bucket = below(1000) - 500;
    for (int i = 0; i < 400; ++i) {
      if (below(3) != 0) bucket += below(50) == 0 ? below(200) : below(static_cast<uint64_t>(1 + seed % 4));
      const double value = static_cast<double>(below(2'000'000) - 100'000) / 7.0;
      ring.add(bucket, value);
      plain.add(bucket, value);
      if (below(10) == 0) {
        BucketRing restored;
        ASSERT_TRUE(load(restored, bytes_of(ring)));
        ASSERT_EQ(bytes_of(restored), bytes_of(ring));
        ring = std::move(restored);
      }
      const int64_t last = bucket - below(3);
      const int64_t first = std::max(last - below(62), bucket - BucketRing::kBuckets + 1);
      expect_equal(ring.totals(first, last), plain.totals(first, last));
    }
  }
}

TEST(BucketRing, takes_eight_bytes_a_bucket_of_one_value_and_at_most_eighteen_of_many) {
  BucketRing single;
  BucketRing many;
  for (int64_t bucket = 0; bucket < 200; ++bucket) {
    single.add(bucket, 0.1);
    for (int i = 0; i < 200; ++i) many.add(bucket, 0.1);
  }
  EXPECT_LE(bytes_of(single).size(), 60u * 8 + 12);
  EXPECT_LE(bytes_of(many).size(), 60u * 18 + 20);
}

TEST(BucketRing, refuses_bytes_that_no_ring_has) {
  BucketRing ring;
  ring.add(1, 1), ring.add(1, 2), ring.add(3, 4);
  const std::string good = bytes_of(ring);
  for (size_t size = 0; size < good.size(); ++size) {
    BucketRing cut;
    EXPECT_FALSE(load(cut, good.substr(0, size))) << size;
  }
  std::string no_newest = good;
  no_newest[0] = static_cast<char>(no_newest[0] & ~1);
  std::string beyond = good;
  beyond[7] = static_cast<char>(beyond[7] | 0x10);
  BucketRing other;
  EXPECT_FALSE(load(other, no_newest));
  EXPECT_FALSE(load(other, beyond));
}

}  // namespace
}  // namespace headroom
