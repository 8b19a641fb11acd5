#include "cli/forecast_plot.h"

#include <limits>

#include "base/concat.h"
#include "base/time_text.h"

namespace headroom {

void ForecastPlot::take(const JudgedForecast& forecast) {
  if (forecast.horizon != settings_.horizon || forecast.method != HeadroomSize::kName) return;
  const int64_t time_ms = forecast.series.times_ms[forecast.origin + static_cast<size_t>(forecast.horizon)];
  kept_.push_back({time_ms, forecast.truth, forecast.point, forecast.quantiles});
  while (kept_.front().time_ms <= time_ms - settings_.last_ms) kept_.pop_front();
}

Chart ForecastPlot::chart(const Series& series) const {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const int64_t ahead_ms = settings_.horizon * series.step_ms;
  Chart out;
  out.title = concat(series.name, ": forecasts ", std::to_string(settings_.horizon), settings_.horizon == 1 ? " step (" : " steps (",
                     format_duration(ahead_ms), ") ahead");
  out.bands = {{"q50 to q90", "#9ecae1", {}}, {"q90 to q95", "#c6dbef", {}}, {"q95 to q99", "#e4eef7", {}}};
  out.lines = {{"point", "#08519c", {}, false}, {"actual", "#d94801", {}, false}};
  int64_t before_ms = std::numeric_limits<int64_t>::max();
  for (const auto& kept : kept_) {
    if (before_ms < kept.time_ms - 4 * series.step_ms) {
      for (auto& band : out.bands) band.spans.push_back({before_ms, kNone, kNone});
      for (auto& line : out.lines) line.points.push_back({before_ms, kNone});
    }
    before_ms = kept.time_ms;
    for (size_t b = 0; b < out.bands.size(); ++b) out.bands[b].spans.push_back({kept.time_ms, kept.quantiles[b], kept.quantiles[b + 1]});
    out.lines[0].points.push_back({kept.time_ms, kept.point});
    out.lines[1].points.push_back({kept.time_ms, kept.truth});
  }
  return out;
}

}  // namespace headroom
