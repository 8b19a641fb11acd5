#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/csv_reader.h"
#include "cli/durable_file.h"
#include "cli/forecast_eval.h"
#include "cli/forecast_options.h"
#include "cli/forecast_plot.h"
#include "cli/model_file.h"
#include "forecast/machine.h"

namespace headroom {
namespace {

struct EvalOptions {
  SeriesOptions series;
  std::string out;
  std::string leave_source_out;
  std::vector<std::string> models;
  std::optional<size_t> warm_up;
  std::string from, to;
  uint64_t seed = 1;
  std::string plot;
  std::string plot_last = "1d";
  std::optional<int> plot_horizon;
};

Result<EvalSettings> settings_of(const EvalOptions& options) {
  EvalSettings settings;
  const auto horizons = read_horizons(options.series.horizons);
  if (!horizons) return horizons.status();
  settings.horizons = *horizons;
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

Result<ForecastPlot::Settings> plot_settings_of(const EvalOptions& options, const EvalSettings& settings) {
  ForecastPlot::Settings out;
  out.horizon = options.plot_horizon.value_or(settings.horizons.back());
  if (std::find(settings.horizons.begin(), settings.horizons.end(), out.horizon) == settings.horizons.end())
    return Status(Code::kInvalid, "--plot-horizon: one of those of --horizons");
  const auto last = parse_duration(options.plot_last);
  if (!last || *last <= 0)
    return Status(Code::kInvalid, concat("--plot-last ", options.plot_last, ": expected a duration, such as 1d or 6h"));
  out.last_ms = *last;
  const std::filesystem::path folder = std::filesystem::path(options.plot).parent_path();
  if (std::error_code error; !folder.empty() && !std::filesystem::is_directory(folder, error))
    return Status(Code::kInvalid, concat("--plot: there is no folder ", folder.string()));
  return out;
}

// FILE.svg, or FILE-NAME.svg where there are several series.
std::string plot_path(const EvalOptions& options, const Series& series, bool several) {
  if (!several) return options.plot;
  const std::filesystem::path path = options.plot;
  return (path.parent_path() / concat(path.stem().string(), "-", series.name, path.extension().string())).string();
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
  LeaveSourceOut(const std::vector<SeriesOfFile>& series, const std::map<std::string, std::string>& sources, const EvalSettings& settings) {
    std::vector<LstmSeries> large, small;
    for (const auto& [path, one] : series) {
      large.push_back(lstm_series<HeadroomSize>(one, settings));
      small.push_back(lstm_series<HeadroomSmallSize>(one, settings));
    }
    std::set<std::string> names;
    for (const auto& [name, source] : sources) names.insert(source);
    for (const auto& source : names) {
      std::vector<const LstmSeries*> large_others, small_others;
      for (size_t i = 0; i < series.size(); ++i) {
        if (sources.at(series[i].series.name) == source) continue;
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

// Trained weights that were given, of one size or both.
class GivenModels {
 public:
  // kInvalid, ...: a file is no model, or not for these horizons, or the second of its size.
  Status load(const std::vector<std::string>& paths, const std::array<int, kForecastHorizons>& horizons) {
    for (const auto& path : paths) {
      auto model = load_model(path);
      if (!model) return model.status();
      if (model->horizons != horizons)
        return {Code::kInvalid, concat(path, " is for --horizons ", words_of(model->horizons), ", not ", words_of(horizons))};
      const auto [other, is_new] = models_.emplace(model->size, Given{*model, weights_of(*model)});
      if (!is_new) return {Code::kInvalid, concat(path, " is the second model for ", model->size)};
    }
    return Status::ok();
  }
  EvalWeights weights() const {
    const auto of = [&](const char* size) { return models_.contains(size) ? &models_.at(size).weights : nullptr; };
    return {of(HeadroomSize::kName), of(HeadroomSmallSize::kName)};
  }
  // What makes the scores of a series say less than they seem to, on standard error.
  Status warn(const SeriesOfFile& file) const {
    const auto hash = hash_file(file.path);
    if (!hash) return hash.status();
    for (const auto& [size, given] : models_) {
      const auto& known = given.model.series;
      const auto same = std::find_if(known.begin(), known.end(), [&](const ModelSeries& one) { return one.hash == *hash; });
      if (same != known.end())
        std::fprintf(stderr,
                     "%s: LEAK: the model for %s was trained on this file: %llu of its %llu rows taught, the others chose its weights or "
                     "judged them\n",
                     file.series.name.c_str(), size.c_str(), static_cast<unsigned long long>(same->train_rows),
                     static_cast<unsigned long long>(same->rows));
      if (std::none_of(known.begin(), known.end(), [&](const ModelSeries& one) { return one.step_ms == file.series.step_ms; }))
        std::fprintf(stderr, "%s: the model for %s has learned from no series with a step of %s\n", file.series.name.c_str(), size.c_str(),
                     format_duration(file.series.step_ms).c_str());
    }
    return Status::ok();
  }
  std::string words() const {
    std::string out;
    for (const auto& [size, given] : models_) out += concat(out.empty() ? "weights " : ", ", model_hash(given.model), " for ", size);
    return out;
  }

 private:
  struct Given {
    LstmModel model;
    LstmWeights weights;
  };
  static std::string words_of(const std::array<int, kForecastHorizons>& horizons) {
    return concat(std::to_string(horizons[0]), ",", std::to_string(horizons[1]), ",", std::to_string(horizons[2]));
  }
  std::map<std::string, Given> models_;
};

// Which weights a series is judged with, and what to say of them.
struct WeightChoice {
  std::function<EvalWeights(const Series&)> of = [](const Series&) { return EvalWeights{}; };
  std::string words = "without trained weights";
};

// What is asked for, checked and read.
struct EvalInput {
  EvalSettings settings;
  ForecastPlot::Settings plot;
  std::vector<SeriesOfFile> series;
};

Result<SeriesScores> evaluate_one(const EvalOptions& options, const EvalInput& input, const Series& series, const EvalWeights& weights,
                                  std::FILE* rows) {
  ForecastPlot plot(input.plot);
  auto scores = evaluate(series, input.settings, weights, [&](const JudgedForecast& forecast) {
    if (rows != nullptr) write_row(rows, forecast);
    if (!options.plot.empty()) plot.take(forecast);
  });
  if (plot.empty()) return scores;
  const std::string path = plot_path(options, series, input.series.size() > 1);
  if (Status written = replace_durably(path, svg_chart(plot.chart(series))); !written) return written;
  return scores;
}

// For the line below the table.
std::string companions_used(const std::vector<SeriesOfFile>& series) {
  size_t columns = 0, with = 0;
  for (const auto& [path, one] : series) columns += one.companions.size(), with += one.companions.empty() ? 0 : 1;
  if (columns == 0) return {};
  return concat(", headroom with ", std::to_string(columns), " companion columns of ", std::to_string(with), " series");
}

int evaluate_all(const EvalOptions& options, const EvalInput& input, const WeightChoice& weights) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(options.out.empty() ? nullptr : std::fopen(options.out.c_str(), "w"), std::fclose);
  if (!options.out.empty() && out == nullptr) return fail(kExitUsage, concat("cannot write ", options.out));
  if (out) std::fputs(kEvalHeader, out.get());
  std::map<std::string, SeriesScores> scores;
  for (const auto& [path, one] : input.series) {
    std::fprintf(stderr, "%s: %zu values\n", one.name.c_str(), one.values.size());
    auto of_series = evaluate_one(options, input, one, weights.of(one), out.get());
    if (!of_series) return fail(kExitOutside, of_series.status().message());
    if (of_series->empty())
      std::fprintf(stderr, "%s: left out, for it has no origin after --warmup or --from whose truth is known\n", one.name.c_str());
    else
      scores[one.name] = std::move(*of_series);
  }
  if (out && std::ferror(out.get()) != 0) return fail(kExitOutside, concat("cannot write all of ", options.out));
  if (scores.empty()) return fail(kExitUsage, "no series has an origin after --warmup or between --from and --to");
  std::printf("%s%zu series, seed %llu, %s%s\n", eval_table(scores, input.settings.horizons).c_str(), scores.size(),
              static_cast<unsigned long long>(input.settings.seed), weights.words.c_str(), companions_used(input.series).c_str());
  return kExitFine;
}

int eval_with_models(const EvalOptions& options, const EvalInput& input) {
  GivenModels models;
  if (const Status loaded = models.load(options.models, input.settings.horizons); !loaded) return fail(kExitUsage, loaded.message());
  for (const auto& file : input.series)
    if (const Status warned = models.warn(file); !warned) return fail(kExitUsage, warned.message());
  return evaluate_all(options, input, {[&](const Series&) { return models.weights(); }, models.words()});
}

int eval_leaving_out(const EvalOptions& options, const EvalInput& input) {
  auto sources = read_sources(options.leave_source_out);
  if (!sources) return fail(kExitUsage, sources.status().message());
  std::set<std::string> different;
  for (const auto& [path, one] : input.series) {
    if (!sources->contains(one.name))
      return fail(kExitUsage, concat(options.leave_source_out, " does not say of which source ", one.name, " is"));
    different.insert(sources->at(one.name));
  }
  if (different.size() < 2) return fail(kExitUsage, "--leave-source-out: all series are of one source, so nothing is left to train on");
  std::erase_if(*sources, [&](const auto& entry) { return !different.contains(entry.second); });
  const LeaveSourceOut weights(input.series, *sources, input.settings);
  return evaluate_all(options, input,
                      {[&](const Series& one) { return weights.without(sources->at(one.name)); }, "weights trained on the other sources"});
}

Result<EvalInput> input_of(const EvalOptions& options) {
  const auto settings = settings_of(options);
  if (!settings) return settings.status();
  const auto plot = plot_settings_of(options, *settings);
  if (!plot) return plot.status();
  auto series = read_all_series(options.series);
  if (!series) return series.status();
  return EvalInput{*settings, *plot, std::move(*series)};
}

int eval(const EvalOptions& options) {
  if (const Status fits = machine_can_forecast(); !fits) return fail(kExitOutside, fits.message());
  const auto input = input_of(options);
  if (!input) return fail(kExitUsage, input.status().message());
  if (!options.models.empty()) return eval_with_models(options, *input);
  if (!options.leave_source_out.empty()) return eval_leaving_out(options, *input);
  return evaluate_all(options, *input, {});
}

std::function<int()> setup(CLI::App& app) {
  auto options = std::make_shared<EvalOptions>();
  auto* eval_app = app.add_subcommand("eval", "Measure the forecasts on series of the past, beside what they must beat");
  add_series_options(*eval_app, options->series, true);
  eval_app->add_option("--out", options->out, "CSV: a row an origin, horizon and method")->type_name("FILE");
  eval_app->add_option("--warmup", options->warm_up, "rows before the first origin (half of the series, at most 7 days)");
  eval_app->add_option("--from", options->from, "origins so long after the first row, such as 2h")->excludes("--warmup");
  eval_app->add_option("--to", options->to, "and at most so long after it");
  eval_app->add_option("--seed", options->seed, "of all that is drawn by chance")->check(CLI::PositiveNumber);
  eval_app
      ->add_option("--leave-source-out", options->leave_source_out,
                   "CSV of series,source: train the weights of each series on those of other sources only")
      ->type_name("MAP");
  eval_app->add_option("--model", options->models, "weights of headroom train; once for each size")
      ->type_name("FILE.json")
      ->expected(1)
      ->take_all()
      ->excludes("--leave-source-out");
  eval_app
      ->add_option("--plot", options->plot,
                   "An SVG of the last forecasts of headroom beside what came, or one a series, FILE-NAME.svg, of several")
      ->type_name("FILE.svg");
  eval_app->add_option("--plot-last", options->plot_last, "how much of the end of the origins it shows")
      ->capture_default_str()
      ->needs("--plot");
  eval_app->add_option("--plot-horizon", options->plot_horizon, "which of --horizons it shows; default: the last")->needs("--plot");
  eval_app
      ->add_option("--companions", options->series.columns.companions,
                   "headroom learns from further columns of numbers too, at most 3 (on unless given)")
      ->check(CLI::IsMember({"on", "off"}));
  app.require_subcommand(1);
  return [options] { return eval(*options); };
}

}  // namespace

Command forecast_command() {
  return {"forecast", "Measure forecasts on series of the past.",
          "  headroom forecast eval --series traces/ --horizons 1,5,15 --out rows.csv\n"
          "  headroom forecast eval --series traces/ --leave-source-out sources.csv --seed 2\n"
          "  headroom forecast eval --series traces/ --model model.json\n"
          "  headroom forecast eval --series load.csv --plot load.svg --plot-last 6h --plot-horizon 5\n",
          setup};
}

}  // namespace headroom
