#include "policy/band.h"

#include "policy/quantity.h"

namespace headroom {

BandPolicy::BandPolicy(Resource resource, const Band& band)
    : unit_(band.unit),
      lower_(unit_ == BandUnit::kRatio ? ratio_units(band.lower) : to_units(resource, band.lower)),
      upper_(unit_ == BandUnit::kRatio ? ratio_units(band.upper) : to_units(resource, band.upper)),
      used_share_(1.0 - (band.lower + band.upper) / 2.0) {}

int64_t BandPolicy::lying_factor(int64_t reserved, int64_t mean) const {
  const int64_t slack = reserved - mean;
  if (unit_ == BandUnit::kAbsolute) return slack;
  return ratio_units(static_cast<double>(slack) / static_cast<double>(reserved));
}

int64_t BandPolicy::recentred(int64_t mean) const {
  if (unit_ == BandUnit::kAbsolute) return round_units(static_cast<double>(mean) + static_cast<double>(lower_ + upper_) / 2.0);
  return round_units(static_cast<double>(mean) / used_share_);
}

}  // namespace headroom
