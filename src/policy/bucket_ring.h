#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>

#include "headroom/bytes.h"

namespace headroom {

// The last 60 buckets of one series whose times rise: of each bucket the sum (in order of arrival), the number and the largest of its
// values.
//
// Buckets are numbered by the caller (time divided by the bucket's length). The newest one is kept beside the caller's own hot fields, so
// that adding to it touches one cache line; a bucket with a single value takes 8 bytes. Values are finite. One thread.
class BucketRing {
 public:
  static constexpr int kBuckets = 60;

  // What the buckets first..last hold together.
  struct Totals {
    double sum = 0;  // of the buckets' sums, oldest first
    uint64_t count = 0;
    double max = 0;      // meaningful when count > 0
    int64_t oldest = 0;  // the oldest bucket that holds a value; when count > 0
  };

  bool empty() const { return present_ == 0; }
  int64_t newest() const { return bucket_; }

  // Adds a value to `bucket`, which is no older than newest().
  void add(int64_t bucket, double value) {
    if (bucket == bucket_ && present_ != 0) {
      sum_ += value;
      if (value > max_) max_ = value;
      ++count_;
    } else {
      start(bucket, value);
    }
  }

  Totals totals(int64_t first, int64_t last) const;
  void clear();

  // One value a bucket: 8 bytes each; else number, sum and largest: at most 18 bytes each while numbers stay under 16384.
  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  // Of buckets with more than one value; made when the first of them ends.
  struct Details {
    std::array<uint32_t, kBuckets> counts{};
    std::array<double, kBuckets> maxima{};
  };

  static int slot_of(int64_t bucket);
  void start(int64_t bucket, double value);
  void put_away();
  void add_run(int oldest, Totals& totals) const;
  void add_slots(int first, int end, Totals& totals) const;
  void add_each(uint64_t wanted, Totals& totals) const;

  // Bit k: the bucket newest - k holds a value. Bit 0 is the newest, whose numbers are the next three members.
  uint64_t present_ = 0;
  int64_t bucket_ = 0;
  double sum_ = 0;
  double max_ = 0;
  uint32_t count_ = 0;
  std::array<double, kBuckets> sums_{};
  std::unique_ptr<Details> details_;
};

}  // namespace headroom
