#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/csv_reader.h"
#include "cli/forecast_eval.h"

namespace headroom {
namespace {

struct EvalOptions {
  std::vector<std::string> series;
  SeriesColumns columns;
  std::vector<int> horizons = {1, 5, 15};
  std::string out;
  std::string leave_source_out;
  std::optional<size_t> warm_up;
  std::string from, to;
  uint64_t seed = 1;
};

bool machine_fits() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

Result<EvalSettings> settings_of(const EvalOptions& options) {
  EvalSettings settings;
  if (options.horizons.size() != kForecastHorizons) return Status(Code::kInvalid, "--horizons: three of them, such as 1,5,15");
  int before = 0, sum = 0;
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    const int horizon = options.horizons[h];
    if (horizon <= before || horizon > kMostHorizon) return Status(Code::kInvalid, "--horizons: ascending steps from 1 to 15");
    before = settings.horizons[h] = horizon;
    sum += horizon;
  }
  if (sum > static_cast<int>(kMostPending)) return Status(Code::kInvalid, "--horizons: their sum may be at most 21 steps");
  for (const auto& [text, into] : {std::pair{&options.from, &settings.from_ms}, std::pair{&options.to, &settings.to_ms}}) {
    if (text->empty()) continue;
    const auto parsed = parse_duration(*text);
    if (!parsed) return Status(Code::kInvalid, concat("--from, --to: ", parsed.status().message()));
    *into = *parsed;
  }
  settings.warm_up = options.warm_up;
  settings.seed = options.seed;
  return settings;
}

// Which source each series is of: a CSV without header, series,source.
Result<std::map<std::string, std::string>> read_sources(const std::string& path) {
  std::map<std::string, std::string> out;
  auto bytes = open_bytes(path);
  if (!bytes) return bytes.status();
  CsvReader reader(std::move(*bytes));
  CsvRow row;
  std::string why;
  for (;;) {
    const auto read = reader.next(row, why);
    if (!read) return read.status();
    if (*read == CsvReader::Outcome::kEnd) return out;
    if (*read == CsvReader::Outcome::kBadRow || row.fields.size() != 2)
      return Status(Code::kInvalid, concat(path, ":", std::to_string(row.line), ": expected series,source"));
    out[row.fields[0]] = row.fields[1];
  }
}

struct SourceWeights {
  LstmWeights headroom, small;
};

// For each source, weights that were trained on all series of the others.
class LeaveSourceOut {
 public:
  LeaveSourceOut(const std::vector<Series>& series, const std::map<std::string, std::string>& sources, const EvalSettings& settings) {
    std::vector<LstmSeries> large, small;
    for (const auto& one : series) {
      large.push_back(lstm_series<HeadroomSize>(one, settings));
      small.push_back(lstm_series<HeadroomSmallSize>(one, settings));
    }
    std::set<std::string> names;
    for (const auto& [name, source] : sources) names.insert(source);
    for (const auto& source : names) {
      std::vector<const LstmSeries*> large_others, small_others;
      for (size_t i = 0; i < series.size(); ++i) {
        if (sources.at(series[i].name) == source) continue;
        large_others.push_back(&large[i]);
        small_others.push_back(&small[i]);
      }
      std::fprintf(stderr, "training without %s, on %zu series\n", source.c_str(), large_others.size());
      LstmTraining training;
      training.seed = settings.seed;
      weights_[source] = {train_lstm(large_others, training), train_lstm(small_others, training)};
    }
  }
  EvalWeights without(const std::string& source) const {
    const auto& weights = weights_.at(source);
    return {&weights.headroom, &weights.small};
  }

 private:
  std::map<std::string, SourceWeights> weights_;
};

Result<std::vector<Series>> read_all(const EvalOptions& options) {
  const auto paths = series_paths(options.series);
  if (!paths) return paths.status();
  std::vector<Series> out;
  std::set<std::string> names;
  for (const auto& path : *paths) {
    auto series = read_series(path, options.columns);
    if (!series) return series.status();
    if (!names.insert(series->name).second) return Status(Code::kInvalid, concat("two series are named ", series->name));
    out.push_back(std::move(*series));
  }
  return out;
}

// For the line below the table.
std::string companions_used(const std::vector<Series>& series) {
  size_t columns = 0, with = 0;
  for (const auto& one : series) columns += one.companions.size(), with += one.companions.empty() ? 0 : 1;
  if (columns == 0) return {};
  return concat(", headroom with ", std::to_string(columns), " companion columns of ", std::to_string(with), " series");
}

int evaluate_all(const EvalOptions& options, const EvalSettings& settings, const std::vector<Series>& series,
                 const std::map<std::string, std::string>& sources) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(options.out.empty() ? nullptr : std::fopen(options.out.c_str(), "w"), std::fclose);
  if (!options.out.empty() && out == nullptr) return fail(kExitUsage, concat("cannot write ", options.out));
  if (out) std::fputs("series,origin_ms,horizon,method,actual,point,q50,q90,q95,q99\n", out.get());
  std::optional<LeaveSourceOut> weights;
  if (!sources.empty()) weights.emplace(series, sources, settings);
  std::map<std::string, SeriesScores> scores;
  for (const auto& one : series) {
    std::fprintf(stderr, "%s: %zu values\n", one.name.c_str(), one.values.size());
    auto of_series = evaluate(one, settings, weights ? weights->without(sources.at(one.name)) : EvalWeights{}, out.get());
    if (of_series.empty())
      std::fprintf(stderr, "%s: left out, for it has no origin after --warmup or --from whose truth is known\n", one.name.c_str());
    else
      scores[one.name] = std::move(of_series);
  }
  if (out && std::ferror(out.get()) != 0) return fail(kExitOutside, concat("cannot write all of ", options.out));
  if (scores.empty()) return fail(kExitUsage, "no series has an origin after --warmup or between --from and --to");
  std::printf("%s%zu series, seed %llu, %s%s\n", eval_table(scores, settings.horizons).c_str(), scores.size(),
              static_cast<unsigned long long>(settings.seed),
              sources.empty() ? "without trained weights" : "weights trained on the other sources", companions_used(series).c_str());
  return kExitFine;
}

int eval(const EvalOptions& options) {
  if (!machine_fits()) return fail(kExitOutside, "forecasts need a processor with AVX2 and FMA");
  const auto settings = settings_of(options);
  if (!settings) return fail(kExitUsage, settings.status().message());
  const auto series = read_all(options);
  if (!series) return fail(kExitUsage, series.status().message());
  std::map<std::string, std::string> sources;
  if (!options.leave_source_out.empty()) {
    auto read = read_sources(options.leave_source_out);
    if (!read) return fail(kExitUsage, read.status().message());
    sources = std::move(*read);
    std::set<std::string> different;
    for (const auto& one : *series) {
      if (!sources.contains(one.name))
        return fail(kExitUsage, concat(options.leave_source_out, " does not say of which source ", one.name, " is"));
      different.insert(sources.at(one.name));
    }
    if (different.size() < 2) return fail(kExitUsage, "--leave-source-out: all series are of one source, so nothing is left to train on");
    std::erase_if(sources, [&](const auto& entry) { return !different.contains(entry.second); });
  }
  return evaluate_all(options, *settings, *series, sources);
}

std::function<int()> setup(CLI::App& app) {
  auto options = std::make_shared<EvalOptions>();
  auto* eval_app = app.add_subcommand("eval", "Measure the forecasts on series of the past, beside what they must beat");
  eval_app->add_option("--series", options->series, "CSV files, or folders of them")->required()->type_name("DIR|FILE");
  eval_app->add_option("--horizons", options->horizons, "three, in steps")->delimiter(',');
  eval_app->add_option("--out", options->out, "CSV: a row an origin, horizon and method")->type_name("FILE");
  eval_app->add_option("--warmup", options->warm_up, "rows before the first origin (half of the series, at most 7 days)");
  eval_app->add_option("--from", options->from, "origins so long after the first row, such as 2h")->excludes("--warmup");
  eval_app->add_option("--to", options->to, "and at most so long after it");
  eval_app->add_option("--seed", options->seed, "of all that is drawn by chance")->check(CLI::PositiveNumber);
  eval_app
      ->add_option("--leave-source-out", options->leave_source_out,
                   "CSV of series,source: train the weights of each series on those of other sources only")
      ->type_name("MAP");
  eval_app->add_option("--time-column", options->columns.time, "time_ms unless given");
  eval_app->add_option("--value-column", options->columns.value, "value unless given");
  eval_app
      ->add_option("--companions", options->columns.companions,
                   "headroom learns from further columns of numbers too, at most 3 (on unless given)")
      ->check(CLI::IsMember({"on", "off"}));
  app.require_subcommand(1);
  return [options] { return eval(*options); };
}

}  // namespace

Command forecast_command() {
  return {"forecast", "Measure forecasts on series of the past.",
          "  headroom forecast eval --series traces/ --horizons 1,5,15 --out rows.csv\n"
          "  headroom forecast eval --series traces/ --leave-source-out sources.csv --seed 2\n",
          setup};
}

}  // namespace headroom
