#include "cli/backtest_run.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <utility>

#include "base/concat.h"
#include "forecast/forecaster.h"
#include "policy/peer_scalers.h"
#include "policy/scale_choice.h"

namespace headroom {
namespace {

constexpr int64_t kWeekMs = 7 * int64_t{86'400'000};
constexpr int64_t kOldestMs = 946'684'800'000;  // 2000-01-01
constexpr size_t kMostSteps = 20'000'000;
constexpr size_t kShuffled = 10'080;  // forecasts that another time's is drawn from

using Scaler = std::function<int64_t(const ServiceView&)>;

// Each forecast takes the place of one of the last ones, and that one its.
class Shuffler {
 public:
  void operator()(Forecast& forecast) {
    if (kept_.size() < kShuffled) kept_.push_back(forecast);
    std::swap(forecast, kept_[next_random() % kept_.size()]);
  }

 private:
  // xorshift64: G. Marsaglia, Xorshift RNGs, 2003.
  uint64_t next_random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_;
  }

  std::vector<Forecast> kept_;
  uint64_t random_ = 88'172'645'463'325'252;
};

std::function<void(Forecast&)> distortion(ForecastFault fault) {
  const auto times = [](float factor) {
    return [factor](Forecast& forecast) {
      for (size_t h = 0; h < kForecastHorizons; ++h) {
        forecast.point[h] *= factor;
        for (float& quantile : forecast.quantiles[h]) quantile *= factor;
      }
    };
  };
  switch (fault) {
    case ForecastFault::kNone:
      return nullptr;
    case ForecastFault::kShuffled:
      return Shuffler();
    case ForecastFault::kTimes3:
      return times(3);
    case ForecastFault::kZero:
      return times(0);
  }
  return nullptr;
}

// The policy for a load whose replicas carry `capacity`, with what it leaves to the model.
PredictiveScalingParams params_for(const BacktestSettings& settings, double capacity) {
  PredictiveScalingParams params = settings.policy.params;
  if (!settings.policy.capacity_given) params.targets[0].capacity = capacity;
  if (!settings.policy.delay_given) params.metric_delay_ms = settings.shape.metric_delay_ms;
  params.distort = distortion(settings.fault);
  return params;
}

// Runs one method and keeps its course. Without metrics others than the topology leave things as they are.
MethodResult run_method(const std::string& name, const BacktestSettings& settings, const LoadCurve& load, const Scaler& decide) {
  const double capacity = capacity_of_replica(settings.shape, load);
  MethodResult out;
  out.name = name;
  out.score = score_service(settings.shape, load, [&](const ServiceView& view) {
    out.course.push_back({static_cast<int32_t>(replicas_for(load.at(view.time_ms), capacity)), static_cast<int32_t>(view.ready)});
    const int64_t desired = decide(view);
    const bool unknown = settings.outage && settings.outage->covers(view.measured_ms - load.start_ms);
    if (unknown && desired < view.desired) ++out.outage_scale_ins;
    return desired;
  });
  return out;
}

// A peer leaves things as they are while it knows nothing.
Scaler knowing(const BacktestSettings& settings, const LoadCurve& load, Scaler decide) {
  if (!settings.outage) return decide;
  return [outage = *settings.outage, start_ms = load.start_ms, decide = std::move(decide)](const ServiceView& view) {
    return outage.covers(view.measured_ms - start_ms) ? view.desired : decide(view);
  };
}

}  // namespace

std::string_view forecast_fault_name(ForecastFault fault) {
  constexpr std::array<std::string_view, 4> kNames{"as_is", "shuffled", "times3", "zero"};
  return kNames.at(static_cast<size_t>(fault));
}

Result<LoadCurve> load_of_series(const Series& series) {
  LoadCurve load;
  load.start_ms = series.times_ms.front();
  load.step_ms = series.step_ms;
  if ((series.times_ms.back() - load.start_ms) / load.step_ms >= static_cast<int64_t>(kMostSteps))
    return Status(Code::kInvalid, concat(series.name, ": more than ", std::to_string(kMostSteps), " steps from the first row to the last"));
  for (size_t row = 0; row < series.values.size(); ++row) {
    if (series.values[row] < 0)
      return Status(Code::kInvalid, concat(series.name, ": row ", std::to_string(row + 1), " is below zero, which no load can be"));
    const auto step = static_cast<size_t>((series.times_ms[row] - load.start_ms + load.step_ms / 2) / load.step_ms);
    while (load.values.size() < step) load.values.push_back(load.values.back());
    if (load.values.size() == step)
      load.values.push_back(series.values[row]);
    else
      load.values.back() = series.values[row];
  }
  if (load.start_ms < kOldestMs) load.start_ms += (kOldestMs - load.start_ms + kWeekMs - 1) / kWeekMs * kWeekMs;
  return load;
}

Result<BacktestResult> run_backtest(const BacktestSettings& settings, const LoadCurve& load) {
  BacktestResult out;
  out.capacity = capacity_of_replica(settings.shape, load);
  ServiceFeed feed(params_for(settings, out.capacity), [&settings, start_ms = load.start_ms](int64_t time_ms) {
    return !settings.outage || !settings.outage->covers(time_ms - start_ms);
  });
  out.methods.push_back(run_method("headroom", settings, load, [&feed](const ServiceView& view) { return feed.decide(view); }));
  if (const Status fine = feed.status(); !fine) return fine;
  out.commands = feed.commands();
  const auto peer = [&](const char* name, Scaler decide) {
    out.methods.push_back(run_method(name, settings, load, knowing(settings, load, std::move(decide))));
  };
  peer("hpa", HpaScaler({}, settings.peer_target));
  peer("rate_rule", RateScaler({}, out.capacity, settings.peer_target));
  peer("foresight", ForesightScaler({}, load, out.capacity));
  return out;
}

int64_t BacktestResult::holds() const {
  const auto found = commands.by_reason.find(std::string(scale_cause_name(ScaleCause::kHoldMissingData)));
  return found == commands.by_reason.end() ? 0 : found->second;
}

bool holds_against(const ElasticityScore& score, const ElasticityScore& other) {
  const std::array<std::pair<double, double>, 3> pairs{{{score.tau_under(), other.tau_under()},
                                                        {score.cost(), other.cost()},
                                                        {static_cast<double>(score.actions), static_cast<double>(other.actions)}}};
  int no_worse = 0;
  for (const auto& [ours, theirs] : pairs) {
    if (ours > theirs * 1.1) return false;
    no_worse += ours <= theirs ? 1 : 0;
  }
  return no_worse >= 2;
}

}  // namespace headroom
