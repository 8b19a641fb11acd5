#include "forecast/series_inputs.h"

#include <algorithm>
#include <cmath>

#include "forecast/forecaster.h"

namespace headroom {
namespace {

constexpr float kMostInput = 30;

class InputWriter {
 public:
  InputWriter(const DomainView& view, Features& out) : scale_(view.scale), out_(&out) {}
  void difference(float a, float b) { plain((a - b) / scale_); }
  void plain(float x) { out_->at[at_++] = std::isnan(x) ? 0.0F : std::clamp(x, -kMostInput, kMostInput); }
  size_t count() const { return at_; }

 private:
  float scale_;
  Features* out_;
  size_t at_ = 0;
};

// Yesterday, the day before, a week ago, and the mean of those days of the week that are known: how it went on then, and where that was.
template <size_t Days>
void write_season(const DomainView& v, size_t h, InputWriter& in) {
  const auto& then = v.days_ahead[h];
  float drifts = 0, levels = 0, known = 0;
  for (size_t day = 0; day < Days; ++day) {
    if (std::isnan(then[day] - v.days[day])) continue;
    drifts += then[day] - v.days[day];
    levels += then[day] - v.now;
    ++known;
  }
  in.difference(then[0], v.days[0]);
  in.difference(then[0], v.now);
  in.difference(then[1], v.days[1]);
  in.difference(then[Days - 1], v.now);
  in.difference(drifts / std::max(known, 1.0F), 0);
  in.difference(levels / std::max(known, 1.0F), 0);
}

}  // namespace

template <class Size>
Features inputs_of(const DomainView& v, size_t h, const DayWaves& waves) {
  Features out;
  InputWriter in(v, out);
  for (size_t i = 0; i < Size::kLags; ++i) in.difference(v.lags[i], v.lags[i + 1]);
  for (const float mean : v.filters->means) in.difference(v.now, mean);
  if constexpr (Size::kDays > 0) write_season<Size::kDays>(v, h, in);
  in.difference(v.profile[h + 1], v.profile[0]);
  in.difference(v.profile[0], v.now);
  in.difference(v.hour[h + 1], v.hour[0]);
  in.difference(v.hour[0], v.now - v.filters->means[1]);
  if constexpr (Size::kHourLag) in.difference(v.hour_ago[h + 1], v.hour_ago[0]);
  if constexpr (Size::kWaves)
    for (const float wave : waves) in.plain(wave);
  in.plain(1);
  return out;
}

template Features inputs_of<HeadroomSize>(const DomainView&, size_t, const DayWaves&);
template Features inputs_of<HeadroomMultivariateSize>(const DomainView&, size_t, const DayWaves&);
template Features inputs_of<HeadroomSmallSize>(const DomainView&, size_t, const DayWaves&);

}  // namespace headroom
