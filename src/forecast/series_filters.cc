#include "forecast/series_filters.h"

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

constexpr std::array<float, 4> kMeanRates = {1 / 4.0F, 1 / 30.0F, 1 / 100.0F, 1 / 1440.0F};
constexpr std::array<float, 2> kSesRates = {0.5F, 0.15F};
constexpr std::array<float, 2> kHoltRates = {0.4F, 0.8F};
constexpr float kHoltTrend = 0.1F, kHoltDamping = 0.95F;
constexpr float kSeasonalRate = 0.3F;

void advance_domain(DomainFilters& f, float before, float now, uint32_t count, int64_t day) {
  if (count == 1) {
    f.means.fill(now);
    return;
  }
  const float change = std::abs(now - before);
  f.scale += mean_rate(count, day) * ((f.scale > 0 ? std::min(change, 10 * f.scale) : change) - f.scale);
  const float at_first = 1 / static_cast<float>(count);
  for (size_t i = 0; i < f.means.size(); ++i) f.means[i] += std::max(kMeanRates[i], at_first) * (now - f.means[i]);
}

}  // namespace

float mean_rate(uint32_t count, int64_t life) {
  return 1 / static_cast<float>(std::min<int64_t>(count, life));
}

void SeriesFilters::advance(float value, float log_value, float profile, int64_t day) {
  ++count;
  advance_domain(log, last_log, log_value, count, day);
  advance_domain(level, last, value, count, day);
  if (count == 1) {
    ses.fill(value);
    holt_level.fill(value);
  }
  for (size_t i = 0; i < ses.size(); ++i) ses[i] += kSesRates[i] * (value - ses[i]);
  for (size_t i = 0; i < holt_level.size(); ++i) {
    const float expected = holt_level[i] + kHoltDamping * holt_slope[i];
    holt_level[i] = expected + kHoltRates[i] * (value - expected);
    holt_slope[i] = kHoltDamping * holt_slope[i] + kHoltRates[i] * kHoltTrend * (value - expected);
  }
  if (!std::isnan(profile)) seasonal_level += kSeasonalRate * (log_value - profile - seasonal_level);
  last = value;
  last_log = log_value;
}

void SeriesFilters::restart() {
  const float log_scale = log.scale, level_scale = level.scale;
  *this = {};
  log.scale = log_scale;
  level.scale = level_scale;
}

float SeriesFilters::holt(size_t i, int horizon) const {
  float sum = 0, damped = 1;
  for (int k = 0; k < horizon; ++k) sum += damped *= kHoltDamping;
  return holt_level[i] + sum * holt_slope[i];
}

}  // namespace headroom
