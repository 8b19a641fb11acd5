#pragma once
// The wire format of `headroom.forecasts`.

#include <string_view>

#include "headroom/encoder.h"
#include "headroom/forecast_report.h"

namespace headroom {

inline constexpr std::string_view kForecastType = "io.headroom.forecast.v1";

// A forecast as a CloudEvent in structured mode: compact JSON whose members stand in a fixed order, the same bytes for the same forecast
// and envelope on every machine. The key is the target; the headers `type` and `subject` (target/metric) let consumers filter without
// parsing. Times ahead are durations, numbers the shortest that read back as the same.
void encode_forecast(const ForecastReport& report, const Envelope& envelope, Encoded& out);

}  // namespace headroom
