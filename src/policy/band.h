#pragma once

#include <cstdint>

#include "headroom/action.h"

namespace headroom {

// How far what is reserved may be from what is used before it is a lie. Absolute: in cores or bytes; ratio: of the reservation.
struct Band {
  double lower = 0;
  double upper = 0;
  BandUnit unit = BandUnit::kAbsolute;
};

// A band as decisions use it: all in integers. Pure; any thread.
class BandPolicy {
 public:
  BandPolicy(Resource resource, const Band& band);

  BandUnit unit() const { return unit_; }
  // In micro-cores or bytes; micro-units for a ratio.
  int64_t lower() const { return lower_; }
  int64_t upper() const { return upper_; }

  // Reserved - mean used; for a ratio divided by reserved. `reserved` is above 0; both in micro-cores or bytes.
  int64_t lying_factor(int64_t reserved, int64_t mean) const;
  // The reservation that puts a container with this mean into the band's middle.
  int64_t recentred(int64_t mean) const;

 private:
  BandUnit unit_;
  int64_t lower_;
  int64_t upper_;
  double used_share_;  // of a reservation in the middle of a ratio band
};

}  // namespace headroom
