// What the decisions of predictive_scaling make of recorded loads, beside the Kubernetes HPA, the plain rate rule (at the highest target
// that the decision uses, and at the HPA's) and perfect foresight, in the model of a service (policy/service_model.h). Forecasts are
// stand-ins (stand_in_forecasts.h), from the actual future to plainly wrong ones.
//
//   scaling_score [--learn] [--unscored DAYS] [--turns forecast|all] [FILE.csv...]
//
// Without files those of the folder $HEADROOM_SERIES. --learn: the capacity of a replica is learned instead of given.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "policy/peer_scalers.h"
#include "policy/scale_decision.h"
#include "policy/service_model.h"
#include "recorded_load.h"
#include "stand_in_forecasts.h"

namespace headroom {
namespace {

struct Run {
  std::vector<std::string> files;
  ServiceShape shape;
  ScaleDecisionParams params;
  bool learn = false;
};

constexpr double kHpaTarget = 0.7;

void print(const char* method, const ElasticityScore& score, const char* verdict) {
  std::printf("  %-12s %9.4f %9.4f %9.4f %9.2f %8.4f %9.2f %9.4f  %s\n", method, score.tau_under(), score.theta_under(), score.cost(),
              score.actions_a_day(ServiceShape().tick_ms), score.tau_over(), score.theta_over(), score.late(), verdict);
}

// At least two of tau_U, cost and actions no worse than the HPA's, none by more than a tenth.
bool holds_against(const ElasticityScore& score, const ElasticityScore& hpa, int64_t tick_ms) {
  const std::array<double, 3> ours{score.tau_under(), score.cost(), score.actions_a_day(tick_ms)};
  const std::array<double, 3> theirs{hpa.tau_under(), hpa.cost(), hpa.actions_a_day(tick_ms)};
  int no_worse = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    if (ours[i] > theirs[i] * 1.1) return false;
    no_worse += ours[i] <= theirs[i] ? 1 : 0;
  }
  return no_worse >= 2;
}

ElasticityScore score_decision(const Run& run, const LoadCurve& load, const std::string& kind) {
  ScaleDecisionParams params = run.params;
  if (!run.learn) params.capacity = capacity_of_replica(run.shape, load);
  const ScaleDecision decision(params);
  const StandInForecasts forecasts(kind, load);
  ScaleDecision::State state;
  size_t last = load.values.size();
  return score_service(run.shape, load, [&](const ServiceView& view) {
    ScaleMoment moment{.time_ms = view.time_ms, .load = view.load, .replicas = view.ready, .utilisation = view.utilisation};
    moment.forecast = forecasts.at(view.measured_ms);
    const size_t newest = forecasts.newest(view.measured_ms);
    if (newest != last) moment.closed = ClosedStep{moment.forecast.origin_ms, load.values[newest]};
    last = newest;
    return decision.decide(state, moment).desired;
  });
}

void score_file(const Run& run, const std::string& path) {
  const auto load = read_recorded_load(path);
  if (!load) {
    std::printf("%s: cannot be read\n", path.c_str());
    return;
  }
  const double capacity = capacity_of_replica(run.shape, *load);
  std::printf("%s\n", std::filesystem::path(path).stem().c_str());
  const auto hpa = score_service(run.shape, *load, HpaScaler({}, kHpaTarget));
  const auto rate = score_service(run.shape, *load, RateScaler({}, capacity, run.params.target.highest));
  print("hpa", hpa, "");
  print("rate rule", rate, "");
  print("rate 0.7", score_service(run.shape, *load, RateScaler({}, capacity, kHpaTarget)), "");
  print("foresight", score_service(run.shape, *load, ForesightScaler({}, *load, capacity)), "");
  for (const std::string& kind : StandInForecasts::kinds()) {
    const auto score = score_decision(run, *load, kind);
    char cost[40];
    std::snprintf(cost, sizeof cost, "cost x%.3f of the rate rule", score.cost() / rate.cost());
    const bool holds = holds_against(score, hpa, run.shape.tick_ms);
    print(kind.c_str(), score, (std::string(holds ? "holds against hpa, " : "loses to hpa, ") + cost).c_str());
  }
}

std::vector<std::string> series_of_environment() {
  std::vector<std::string> files;
  const char* folder = std::getenv("HEADROOM_SERIES");
  std::error_code missing;
  if (folder == nullptr || !std::filesystem::is_directory(folder, missing)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".csv") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

int run_all(int count, char** words) {
  Run run;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const auto value = [&] { return i + 1 < count ? std::string(words[++i]) : std::string(); };
    if (word == "--learn") {
      run.learn = true;
    } else if (word == "--unscored") {
      run.shape.unscored_ms = std::atoll(value().c_str()) * 86'400'000;
    } else if (word == "--turns") {
      run.params.turn_budget = value() == "all" ? TurnBudget::kAll : TurnBudget::kForecast;
    } else {
      run.files.push_back(word);
    }
  }
  if (run.files.empty()) run.files = series_of_environment();
  if (run.files.empty()) {
    std::printf("skipped: no files given, and no folder of series in $HEADROOM_SERIES\n");
    return 0;
  }
  std::printf("  %-12s %9s %9s %9s %9s %8s %9s %9s\n", "method", "tau_U %", "theta_U %", "cost", "actions/d", "tau_O %", "theta_O %",
              "late %");
  for (const std::string& path : run.files) score_file(run, path);
  return 0;
}

}  // namespace
}  // namespace headroom

int main(int count, char** words) {
  return headroom::run_all(count, words);
}
