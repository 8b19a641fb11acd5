#include "policy/load_curve.h"

#include <algorithm>
#include <cmath>

#include "policy/saturating.h"

namespace headroom {

int64_t LoadCurve::end_ms() const {
  if (values.empty()) return start_ms;
  return saturating_add(start_ms, saturating_mul(static_cast<int64_t>(values.size()) - 1, step_ms));
}

double LoadCurve::at(int64_t time_ms) const {
  if (values.empty()) return 0;
  if (time_ms <= start_ms) return values.front();
  if (time_ms >= end_ms()) return values.back();
  const int64_t since = time_ms - start_ms;
  const auto index = static_cast<size_t>(since / step_ms);
  const double share = static_cast<double>(since % step_ms) / static_cast<double>(step_ms);
  return values[index] + (values[index + 1] - values[index]) * share;
}

double LoadCurve::quantile(double share) const {
  if (values.empty()) return 0;
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  const double last = static_cast<double>(sorted.size());
  return sorted[static_cast<size_t>(std::clamp(rank, 1.0, last)) - 1];
}

}  // namespace headroom
