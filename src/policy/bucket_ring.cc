#include "policy/bucket_ring.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace headroom {
namespace {

constexpr uint64_t kAllBuckets = (uint64_t{1} << BucketRing::kBuckets) - 1;

// The bits of ages from..to, both within 0..59.
uint64_t ages(int64_t from, int64_t to) {
  return (kAllBuckets >> (BucketRing::kBuckets - 1 - (to - from))) << from;
}

}  // namespace

int BucketRing::slot_of(int64_t bucket) {
  const auto slot = static_cast<int>(bucket % kBuckets);
  return slot < 0 ? slot + kBuckets : slot;
}

void BucketRing::clear() {
  present_ = 0;
  details_.reset();
}

void BucketRing::start(int64_t bucket, double value) {
  if (present_ != 0) {
    put_away();
    const int64_t moved = bucket - bucket_;
    present_ = moved <= 0 || moved >= kBuckets ? 0 : (present_ << moved) & kAllBuckets;
  }
  present_ |= 1;
  bucket_ = bucket;
  sum_ = value;
  max_ = value;
  count_ = 1;
}

void BucketRing::put_away() {
  const auto slot = static_cast<size_t>(slot_of(bucket_));
  sums_[slot] = sum_;
  if (count_ > 1 && !details_) {
    details_ = std::make_unique<Details>();
    details_->counts.fill(1);
    details_->maxima = sums_;
  }
  if (details_) {
    details_->counts[slot] = count_;
    details_->maxima[slot] = max_;
  }
}

BucketRing::Totals BucketRing::totals(int64_t first, int64_t last) const {
  Totals totals;
  const int64_t oldest_age = std::min<int64_t>(bucket_ - first, kBuckets - 1);
  const int64_t newest_age = std::max<int64_t>(bucket_ - last, 0);
  if (oldest_age < newest_age) return totals;
  uint64_t wanted = present_ & ages(newest_age, oldest_age);
  if (wanted == 0) return totals;
  totals.oldest = bucket_ - (63 - std::countl_zero(wanted));
  const bool with_newest = (wanted & 1) != 0;
  const int oldest = 63 - std::countl_zero(wanted);
  wanted &= ~uint64_t{1};
  if (wanted + 2 == uint64_t{2} << oldest)
    add_run(oldest, totals);  // no bucket missing but perhaps the newest
  else
    add_each(wanted, totals);
  if (with_newest) {
    totals.max = totals.count == 0 ? max_ : std::max(totals.max, max_);
    totals.sum += sum_;
    totals.count += count_;
  }
  return totals;
}

// Buckets of ages oldest..1: one or two stretches of slots.
void BucketRing::add_run(int oldest, Totals& totals) const {
  if (oldest == 0) return;
  totals.max = -HUGE_VAL;
  const int newest_slot = slot_of(bucket_);
  if (newest_slot >= oldest) return add_slots(newest_slot - oldest, newest_slot, totals);
  add_slots(newest_slot - oldest + kBuckets, kBuckets, totals);
  add_slots(0, newest_slot, totals);
}

void BucketRing::add_slots(int first, int end, Totals& totals) const {
  const double* const sums = sums_.data();
  const double* const maxima = details_ ? details_->maxima.data() : sums;
  double sum = totals.sum;
  double largest = totals.max;
  for (int slot = first; slot < end; ++slot) {
    sum += sums[slot];
    largest = maxima[slot] > largest ? maxima[slot] : largest;
  }
  totals.sum = sum;
  totals.max = largest;
  if (!details_)
    totals.count += static_cast<uint64_t>(end - first);
  else
    totals.count = std::accumulate(details_->counts.begin() + first, details_->counts.begin() + end, totals.count);
}

void BucketRing::add_each(uint64_t wanted, Totals& totals) const {
  totals.max = -HUGE_VAL;
  const int newest_slot = slot_of(bucket_);
  while (wanted != 0) {
    const int age = 63 - std::countl_zero(wanted);
    wanted ^= uint64_t{1} << age;
    const int slot = newest_slot >= age ? newest_slot - age : newest_slot - age + kBuckets;
    add_slots(slot, slot + 1, totals);
  }
}

void BucketRing::save(ByteWriter& out) const {
  uint64_t several = 0;  // buckets with more than one value
  for (int age = 1; age < kBuckets && details_; ++age) {
    if (details_->counts[static_cast<size_t>(slot_of(bucket_ - age))] > 1) several |= uint64_t{1} << age;
  }
  if (count_ > 1) several |= 1;
  several &= present_;
  // The highest bits are free: one says that the second bitmap follows.
  out.fixed64(present_ | (several != 0 ? uint64_t{1} << 63 : 0));
  if (present_ == 0) return;
  out.zigzag(bucket_);
  if (several != 0) out.fixed64(several);
  for (int age = kBuckets - 1; age >= 0; --age) {
    if ((present_ >> age & 1) == 0) continue;
    const auto slot = static_cast<size_t>(slot_of(bucket_ - age));
    if ((several >> age & 1) != 0) {
      out.varint(age == 0 ? count_ : details_->counts[slot]);
      out.f64(age == 0 ? max_ : details_->maxima[slot]);
    }
    out.f64(age == 0 ? sum_ : sums_[slot]);
  }
}

bool BucketRing::load(ByteReader& in) {
  *this = BucketRing();
  const uint64_t head = in.fixed64();
  const uint64_t present = head & kAllBuckets;
  if ((head & ~kAllBuckets & ~(uint64_t{1} << 63)) != 0) return false;
  if (present == 0) return in.ok() && head == 0;
  if ((present & 1) == 0) return false;
  const int64_t newest = in.zigzag();
  const uint64_t several = head >> 63 != 0 ? in.fixed64() : 0;
  // Far from both ends of the numbers, so that a bucket's age never overflows.
  if ((several & ~present) != 0 || newest > INT64_MAX / 2 || newest < INT64_MIN / 2) return false;
  if ((several & ~uint64_t{1}) != 0) {
    details_ = std::make_unique<Details>();
    details_->counts.fill(1);
  }
  for (int age = kBuckets - 1; age >= 0; --age) {
    if ((present >> age & 1) == 0) continue;
    const bool many = (several >> age & 1) != 0;
    const uint64_t count = many ? in.varint() : 1;
    const double max = many ? in.f64() : 0;
    const double sum = in.f64();
    if (count == 0 || count > UINT32_MAX) return false;
    const auto slot = static_cast<size_t>(slot_of(newest - age));
    if (age == 0) {
      bucket_ = newest, sum_ = sum, max_ = many ? max : sum, count_ = static_cast<uint32_t>(count);
      continue;
    }
    sums_[slot] = sum;
    if (details_) details_->counts[slot] = static_cast<uint32_t>(count), details_->maxima[slot] = many ? max : sum;
  }
  present_ = present;
  return in.ok();
}

}  // namespace headroom
