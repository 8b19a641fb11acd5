#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/backtest_report.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/durable_file.h"
#include "forecast/machine.h"

namespace headroom {
namespace {

constexpr size_t kMostPolicyBytes = 1 << 20;
constexpr int64_t kDayMs = 86'400'000;

struct BacktestOptions {
  std::vector<std::string> loads;
  SeriesColumns columns;
  std::string policy, target;
  std::string out, plot, plot_window;
  std::string start_up = "90s", metric_delay = "30s", unscored = "7d", outage, forecast = "as_is";
  bool uncapped = false;
  BacktestSettings settings;
};

// A duration from `least_ms` on.
Status read_duration(const char* option, const std::string& text, int64_t least_ms, int64_t& ms) {
  constexpr int64_t kMostMs = 10'000 * kDayMs;
  const auto parsed = parse_duration(text);
  if (!parsed) return {Code::kInvalid, concat(option, ": ", parsed.status().message())};
  if (*parsed < least_ms || *parsed > kMostMs)
    return {Code::kInvalid,
            concat(option, ": ", text, " is not allowed; it must be ", format_duration(least_ms), " to ", format_duration(kMostMs))};
  ms = *parsed;
  return Status::ok();
}

Status read_outage(const std::string& text, std::optional<MetricOutage>& out) {
  if (text.empty()) return Status::ok();
  const size_t dots = text.find("..");
  if (dots == std::string::npos) return {Code::kInvalid, concat("--outage: \"", text, "\" is not FROM..FOR, such as 10d12h..30m")};
  MetricOutage outage;
  if (auto read = read_duration("--outage", text.substr(0, dots), 0, outage.from_ms); !read) return read;
  if (auto read = read_duration("--outage", text.substr(dots + 2), 1, outage.lasts_ms); !read) return read;
  out = outage;
  return Status::ok();
}

Status read_shape(const BacktestOptions& options, BacktestSettings& settings) {
  constexpr int64_t kTickMs = ServiceShape().tick_ms;
  ServiceShape& shape = settings.shape;
  shape.capped_utilisation = !options.uncapped;
  if (auto read = read_duration("--start-up", options.start_up, 0, shape.start_up_ms); !read) return read;
  if (auto read = read_duration("--metric-delay", options.metric_delay, 0, shape.metric_delay_ms); !read) return read;
  if (auto read = read_duration("--unscored", options.unscored, 0, shape.unscored_ms); !read) return read;
  if (shape.metric_delay_ms % kTickMs != 0) return {Code::kInvalid, "--metric-delay: it must be a multiple of 15s"};
  for (const ForecastFault fault : {ForecastFault::kNone, ForecastFault::kShuffled, ForecastFault::kTimes3, ForecastFault::kZero})
    if (options.forecast == forecast_fault_name(fault)) settings.fault = fault;
  return read_outage(options.outage, settings.outage);
}

// Prints what is wrong with it.
std::optional<BacktestPolicy> read_policy(const BacktestOptions& options) {
  std::string text = "{}";
  if (!options.policy.empty()) {
    auto read = read_whole_file(options.policy, kMostPolicyBytes);
    if (!read) return fail(kExitUsage, read.status().message()), std::nullopt;
    text = std::move(*read);
  }
  std::vector<Mistake> mistakes;
  auto policy = read_backtest_policy(text, options.target, mistakes);
  for (const auto& mistake : mistakes) std::fprintf(stderr, "%s\n", mistake.to_string(options.policy).c_str());
  if (!policy) fail(kExitUsage, "the policy has mistakes; nothing was run");
  return policy;
}

struct NamedLoad {
  std::string name;
  LoadCurve curve;
  int64_t recorded_ms;
};

Result<std::vector<NamedLoad>> read_loads(const BacktestOptions& options) {
  const auto paths = series_paths(options.loads);
  if (!paths) return paths.status();
  std::vector<NamedLoad> out;
  std::set<std::string> names;
  for (const auto& path : *paths) {
    const auto series = read_series(path, options.columns);
    if (!series) return series.status();
    if (!names.insert(series->name).second) return Status(Code::kInvalid, concat("two loads are named ", series->name));
    auto curve = load_of_series(*series);
    if (!curve) return curve.status();
    out.push_back({series->name, std::move(*curve), series->times_ms.front()});
  }
  return out;
}

Status write_results(const BacktestOptions& options, const std::vector<BacktestOfLoad>& all, const BacktestSettings& settings) {
  if (!options.out.empty()) {
    const std::string text = options.out.ends_with(".csv") ? backtest_csv(all, settings) : backtest_json(all, settings);
    if (auto written = replace_durably(options.out, text); !written) return written;
  }
  if (options.plot.empty()) return Status::ok();
  ChartWindow window{busiest_day_ms(all.front(), settings), kDayMs};
  if (!options.plot_window.empty()) {
    std::optional<MetricOutage> asked;
    if (auto read = read_outage(options.plot_window, asked); !read) return read;
    window = {asked->from_ms, asked->lasts_ms};
  }
  return replace_durably(options.plot, backtest_plot(all.front(), settings, window));
}

int backtest(const BacktestOptions& options) {
  if (const Status fits = machine_can_forecast(); !fits) return fail(kExitOutside, fits.message());
  BacktestSettings settings = options.settings;
  if (const Status read = read_shape(options, settings); !read) return fail(kExitUsage, read.message());
  auto policy = read_policy(options);
  if (!policy) return kExitUsage;
  settings.policy = std::move(*policy);
  const PredictiveScalingParams& params = settings.policy.params;
  if (params.targets.front().mode == ActionMode::kPropose)
    std::fputs("headroom: warning: the policy only proposes, so nothing will be carried out\n", stderr);
  const auto loads = read_loads(options);
  if (!loads) return fail(kExitUsage, loads.status().message());
  std::vector<BacktestOfLoad> all;
  for (const NamedLoad& load : *loads) {
    auto result = run_backtest(settings, load.curve);
    if (!result) return fail(kExitUsage, concat(load.name, ": ", result.status().message()));
    const bool scored = load.curve.end_ms() - load.curve.start_ms > settings.shape.unscored_ms;
    if (!scored)
      std::fprintf(stderr, "headroom: warning: %s is not longer than the unscored time (%s), so nothing of it counts; see --unscored\n",
                   load.name.c_str(), options.unscored.c_str());
    all.push_back({load.name, load.curve, load.recorded_ms, std::move(*result), scored});
    if (all.size() > 1 || options.plot.empty())
      for (MethodResult& method : all.back().result.methods) method.course = {};  // only the first load is drawn
    std::fputs(backtest_table(all.back(), settings).c_str(), stdout);
    std::fflush(stdout);
  }
  if (all.size() > 1) std::fputs(backtest_summary(all).c_str(), stdout);
  if (const Status written = write_results(options, all, settings); !written) return fail(kExitUsage, written.message());
  return kExitFine;
}

void add_model_options(CLI::App& app, BacktestOptions& options) {
  ServiceShape& shape = options.settings.shape;
  app.add_option("--start-up", options.start_up, "From a command until its replicas serve")->capture_default_str();
  app.add_option("--metric-delay", options.metric_delay, "How old measurements are when they come")->capture_default_str();
  app.add_option("--peak-quantile", shape.peak_quantile, "Capacity of a replica = this quantile of the load ...")
      ->check(CLI::Range(0.001, 1.0))
      ->capture_default_str();
  app.add_option("--peak-replicas", shape.peak_replicas, "... divided by this")->check(CLI::Range(1, 100'000))->capture_default_str();
  app.add_option("--first-replicas", shape.first_replicas, "Replicas at the beginning")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_flag("--uncapped", options.uncapped, "Replicas can report a utilisation beyond 1");
  app.add_option("--unscored", options.unscored, "How much of the beginning counts for nothing, for all methods")->capture_default_str();
  app.add_option("--peer-target", options.settings.peer_target, "Utilisation that the HPA and the plain rate rule aim at")
      ->check(CLI::Range(0.01, 1.0))
      ->capture_default_str();
  app.add_option("--forecast", options.forecast, "What the decision gets instead of the forecast, to see what a wrong model does")
      ->check(CLI::IsMember({"as_is", "shuffled", "times3", "zero"}))
      ->capture_default_str();
  app.add_option("--outage", options.outage, "No metrics of that time reach anyone: from when (since the first value), for how long")
      ->type_name("FROM..FOR");
}

std::function<int()> setup(CLI::App& app) {
  auto options = std::make_shared<BacktestOptions>();
  app.add_option("--load", options->loads, "CSV files, or folders of them; may be repeated")->required()->type_name("FILE|DIR");
  app.add_option("--policy", options->policy,
                 "JSON with comments: one rule of topologies.predictive_scaling.targets, or that whole section; without it the defaults")
      ->type_name("FILE");
  app.add_option("--target", options->target, "Of a section: the first rule that fits this target");
  app.add_option("--out", options->out, "All figures and settings as JSON; figures alone where the name ends in .csv")->type_name("FILE");
  app.add_option("--plot", options->plot, "Demand and supply of the first load as SVG")->type_name("FILE.svg");
  app.add_option("--plot-window", options->plot_window, "What is drawn, instead of the scored day with the largest load")
      ->type_name("FROM..FOR")
      ->needs("--plot");
  app.add_option("--time-column", options->columns.time, "Milliseconds since the epoch, or RFC 3339")->capture_default_str();
  app.add_option("--value-column", options->columns.value, "Its unit is that of a rule's capacity")->capture_default_str();
  add_model_options(app, *options);
  return [options] { return backtest(*options); };
}

}  // namespace

Command backtest_command() {
  return {"backtest", "Scale a recorded load in a model of a service, as predictive_scaling would, beside other rules.",
          "  headroom backtest --load requests.csv --policy policy.json --out figures.json --plot busiest_day.svg\n"
          "  headroom backtest --load traces/ --forecast times3\n"
          "  headroom backtest --load requests.csv --outage 10d12h..30m\n",
          setup};
}

}  // namespace headroom
