#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "headroom/action.h"
#include "headroom/bytes.h"

namespace headroom {

// Used values of one resource of one container, in buckets that grow by a twentieth, younger ones weighing more.
//
// Bucket 0 reaches up to 0.01 cores or 10 MiB, each further bound is 1.05 times the one before, rounded. A value at time t weighs
// 2^((t - t0) / half-life), t0 being UTC midnight of the first value (the form of the Kubernetes vertical autoscaler's histogram). Only
// additions, multiplications and powers of two are used: the same weights on every machine. One thread.
class DecayingHistogram {
 public:
  bool empty() const { return weights_.empty(); }
  // `units`: micro-cores or bytes.
  void add(Resource resource, int64_t units, int64_t time_ms, int64_t half_life_ms);
  // The upper bound of the bucket in which the cumulated weight reaches `share` of the whole; none when empty.
  std::optional<int64_t> quantile(Resource resource, double share) const;
  void clear() { *this = DecayingHistogram(); }

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  int64_t reference_ms_ = 0;                          // t0, moved on by whole half-lives before weights grow too large
  std::vector<std::pair<uint32_t, double>> weights_;  // (bucket, weight), ascending
};

}  // namespace headroom
