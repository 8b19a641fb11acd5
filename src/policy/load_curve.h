#pragma once

#include <cstdint>
#include <vector>

namespace headroom {

// A recorded load: one value a step, the first at `start_ms`, linear in between. Gaps have been filled by whoever read the record. Values
// are finite and not negative.
struct LoadCurve {
  int64_t start_ms = 0;
  int64_t step_ms = 60'000;  // above 0
  std::vector<double> values;

  // The time of the last value; start_ms without any.
  int64_t end_ms() const;
  // Before the first value that one, after the last one the last; 0 without any.
  double at(int64_t time_ms) const;
  // The smallest value that at least `share` (0 to 1) of all values do not exceed (nearest rank); 0 without any.
  double quantile(double share) const;
};

}  // namespace headroom
