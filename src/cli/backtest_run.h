#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/backtest_policy.h"
#include "cli/series_file.h"
#include "cli/service_feed.h"
#include "headroom/status.h"
#include "policy/elasticity_score.h"
#include "policy/load_curve.h"
#include "policy/service_model.h"

// A recorded load against a model of a service (policy/service_model.h), scaled by the topology that runs in production and by others.
namespace headroom {

// What becomes of each forecast before the decision sees it, to show what a wrong model does.
enum class ForecastFault : uint8_t {
  kNone,
  kShuffled,  // one of another time, drawn from those of a week
  kTimes3,    // three times what it says
  kZero,      // nothing but zeros
};

// As the command line has them: as_is, shuffled, times3, zero.
std::string_view forecast_fault_name(ForecastFault fault);

// Nothing that is measured within it is known to anyone, ever. Times since the load's first value.
struct MetricOutage {
  int64_t from_ms = 0;
  int64_t lasts_ms = 0;
  bool covers(int64_t since_ms) const { return since_ms >= from_ms && since_ms - from_ms < lasts_ms; }
};

struct BacktestSettings {
  ServiceShape shape;
  BacktestPolicy policy;
  ForecastFault fault = ForecastFault::kNone;
  std::optional<MetricOutage> outage;
  double peer_target = 0.7;  // utilisation that the HPA and the rate rule aim at
};

// One tick of a course, kept for a chart.
struct CourseTick {
  int32_t demand = 0;
  int32_t supply = 0;
};

struct MethodResult {
  std::string name;  // headroom, hpa, rate_rule, foresight
  ElasticityScore score;
  int64_t outage_scale_ins = 0;  // while it was without metrics
  std::vector<CourseTick> course;
};

struct BacktestResult {
  double capacity = 0;  // of a replica
  std::vector<MethodResult> methods;
  CommandCounts commands;
  // What was said again for want of metrics.
  int64_t holds() const;
};

// The load of a series, what is missing carried. Times before 2000, which samples cannot have, are moved by whole weeks. kInvalid: a value
// below zero; more than 20 million steps from the first to the last row.
Result<LoadCurve> load_of_series(const Series& series);

// Deterministic. kInvalid: the topology refused what the service said, with the reason.
Result<BacktestResult> run_backtest(const BacktestSettings& settings, const LoadCurve& load);

// Whether at least two of tau_U, cost and actions are no worse than the other's, and none by more than a tenth.
bool holds_against(const ElasticityScore& score, const ElasticityScore& other);

}  // namespace headroom
