#include "policy/decaying_histogram.h"

#include <algorithm>
#include <cmath>

#include "policy/quantity.h"

namespace headroom {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kMostHalfLives = 512;  // weights stay within 2^512 of each other's reference
constexpr double kGrowth = 1.05;
constexpr uint64_t kMostBuckets = 1024;              // more than any resource has
constexpr int64_t kMostReferenceMs = INT64_MAX / 4;  // differences of times never overflow

std::vector<int64_t> bounds_from(double first) {
  std::vector<int64_t> bounds;
  for (double bound = first; bounds.empty() || bounds.back() < kMostUnits; bound *= kGrowth) bounds.push_back(round_units(bound));
  return bounds;
}

const std::vector<int64_t>& bounds_of(Resource resource) {
  static const std::vector<int64_t> cpu = bounds_from(10'000);
  static const std::vector<int64_t> memory = bounds_from(10.0 * 1024 * 1024);
  return resource == Resource::kCpu ? cpu : memory;
}

// 2^x for x within 0..1, by the series of e^(x ln 2): its 20th term is under half a unit of the last place.
double exp2_of_fraction(double x) {
  const double y = x * 0.693147180559945309417232121458;
  double value = 1;
  for (int term = 20; term >= 1; --term) value = 1 + value * y / term;
  return value;
}

}  // namespace

void DecayingHistogram::add(Resource resource, int64_t units, int64_t time_ms, int64_t half_life_ms) {
  if (weights_.empty()) reference_ms_ = floor_div(time_ms, kDayMs) * kDayMs;
  int64_t halves = floor_div(time_ms - reference_ms_, half_life_ms);
  const auto rest = static_cast<double>(time_ms - reference_ms_ - halves * half_life_ms);
  if (halves > kMostHalfLives) {
    for (auto& [bucket, weight] : weights_) weight = std::ldexp(weight, static_cast<int>(-std::min<int64_t>(halves, 4 * kMostHalfLives)));
    reference_ms_ += halves * half_life_ms;
    halves = 0;
  }
  const double weight = std::ldexp(exp2_of_fraction(rest / static_cast<double>(half_life_ms)),
                                   static_cast<int>(std::max<int64_t>(halves, -4 * kMostHalfLives)));
  const auto& bounds = bounds_of(resource);
  const auto bucket = static_cast<uint32_t>(std::lower_bound(bounds.begin(), bounds.end() - 1, units) - bounds.begin());
  const auto at = std::lower_bound(weights_.begin(), weights_.end(), bucket, [](const auto& entry, uint32_t b) { return entry.first < b; });
  if (at != weights_.end() && at->first == bucket)
    at->second += weight;
  else
    weights_.insert(at, {bucket, weight});
}

std::optional<int64_t> DecayingHistogram::quantile(Resource resource, double share) const {
  if (weights_.empty()) return std::nullopt;
  const auto& bounds = bounds_of(resource);
  double whole = 0;
  for (const auto& [bucket, weight] : weights_) whole += weight;
  double cumulated = 0;
  size_t reached = 0;
  for (const auto& [bucket, weight] : weights_) {
    cumulated += weight;
    reached = bucket;
    if (cumulated >= share * whole) break;
  }
  return bounds[std::min(reached, bounds.size() - 1)];
}

void DecayingHistogram::save(ByteWriter& out) const {
  out.varint(weights_.size());
  if (weights_.empty()) return;
  out.zigzag(reference_ms_);
  uint32_t last = 0;
  for (const auto& [bucket, weight] : weights_) {
    out.varint(bucket - last);
    out.f64(weight);
    last = bucket;
  }
}

bool DecayingHistogram::load(ByteReader& in) {
  clear();
  const uint64_t size = in.varint();
  if (size > in.left() / 9) return false;
  if (size == 0) return in.ok();
  reference_ms_ = in.zigzag();
  weights_.reserve(size);
  uint64_t bucket = 0;
  for (uint64_t i = 0; i < size; ++i) {
    const uint64_t step = in.varint();
    if ((i > 0 && step == 0) || step >= kMostBuckets) return false;
    bucket += step;
    weights_.emplace_back(static_cast<uint32_t>(bucket), in.f64());
  }
  return in.ok() && bucket < kMostBuckets && reference_ms_ > -kMostReferenceMs && reference_ms_ < kMostReferenceMs;
}

}  // namespace headroom
