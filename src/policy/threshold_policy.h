#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "headroom/status.h"
#include "policy/forecast_view.h"

namespace headroom {

struct ThresholdRule {
  double below = 50;  // expected load under which one step in is made
  double above = 2500;
  int64_t horizon_ms = 900'000;  // how far ahead is looked: the first horizon of the forecast that reaches it
  ForecastQuantile quantile = ForecastQuantile::kPoint;
  int64_t step = 1;  // replicas
  int64_t least = 3;
  int64_t most = 15;
  int64_t wait_ms = 300'000;  // between decisions
};

enum class ThresholdOutcome : uint8_t { kInside, kOut, kIn, kLeast, kMost, kWaiting, kNoForecast, kLoadNotBelow };

struct ThresholdChoice {
  int64_t desired = 0;
  ThresholdOutcome outcome = ThresholdOutcome::kInside;
  std::optional<double> expected;
};

// One step out when the load expected at the horizon is above a number, one step in when it is below another and the present load is so
// too: never in on a forecast alone. Within gates, and with a wait between decisions; a number outside of the gates is brought inside at
// once.
//
// `decided_ms` is all that it remembers. Plain data; a State may hold it. Calls come in the order of time. One thread.
struct ThresholdPolicy {
  std::optional<int64_t> decided_ms;

  // Without forecast the present load decides, and only out: what is not known gives no reason to go in.
  struct Seen {
    int64_t time_ms = 0;
    int64_t current = 0;
    double load = 0;
    const ForecastView* forecast = nullptr;  // null: withheld
  };
  ThresholdChoice decide(const ThresholdRule& rule, const Seen& seen) const;
  // The choice was acted on.
  void spend(int64_t time_ms) { decided_ms = time_ms; }

  auto fields() { return std::tie(decided_ms); }
};

// Refuses thresholds that leave no room between them, gates that do, times below 0, and a horizon beyond the forecast's last.
[[nodiscard]] Status check_threshold_rule(const ThresholdRule& rule, const ForecastView& shape);

}  // namespace headroom
