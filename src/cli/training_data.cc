#include "cli/training_data.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "base/concat.h"
#include "base/content_hash.h"
#include "cli/generated_load.h"

namespace headroom {
namespace {

constexpr size_t kMostGenerated = 200;
constexpr size_t kLossBurn = 24;
// A part in which nothing can be judged is worse than none.
constexpr size_t kLeastPartRows = 64;
constexpr size_t kLeastTrainRows = 400;

Status check_split(const TrainingDataOptions& options) {
  for (const auto& [name, share] : {std::pair{"--validation", options.validation}, std::pair{"--test", options.test}})
    if (!(share >= 0.01 && share <= 0.45)) return {Code::kInvalid, concat(name, ": a share of the rows from 0.01 to 0.45")};
  return Status::ok();
}

Status cut(const TrainingDataOptions& options, const std::string& place, TrainingSeries& out) {
  const auto rows = static_cast<double>(out.series.values.size());
  const auto test_from = static_cast<size_t>(std::floor(rows * (1 - options.test)));
  const auto validation_from = static_cast<size_t>(std::floor(rows * (1 - options.test - options.validation)));
  out.ends = {validation_from, test_from, out.series.values.size()};
  const size_t least = std::min(test_from - validation_from, out.series.values.size() - test_from);
  if (validation_from >= kLeastTrainRows && least >= kLeastPartRows) return Status::ok();
  return {Code::kInvalid, concat(place, " has ", std::to_string(out.series.values.size()), " rows, ", std::to_string(validation_from),
                                 " of them to learn from and ", std::to_string(least), " in the smaller of the other parts; at least ",
                                 std::to_string(kLeastTrainRows), " and ", std::to_string(kLeastPartRows), " are needed")};
}

Status read_files(const TrainingDataOptions& options, std::vector<TrainingSeries>& out) {
  auto files = read_all_series(options.series);
  if (!files) return files.status();
  if (files->size() > kMostModelSeries)
    return {Code::kInvalid, concat(std::to_string(files->size()), " series; at most ", std::to_string(kMostModelSeries))};
  std::map<std::string, std::string> path_of;
  for (auto& file : *files) {
    auto hash = hash_file(file.path);
    if (!hash) return hash.status();
    const auto [same, is_new] = path_of.emplace(*hash, file.path);
    if (!is_new) return {Code::kInvalid, concat(file.path, " is the same file as ", same->second)};
    out.push_back({std::move(file.series), *hash, {}, {}});
    if (const Status fits = cut(options, file.path, out.back()); !fits) return fits;
  }
  return Status::ok();
}

Status generate(const TrainingDataOptions& options, std::vector<TrainingSeries>& out) {
  for (size_t i = 0; i < options.generated; ++i) {
    Series series = generated_load(options.seed, i);
    ContentHash hash;
    hash.add(series_csv(series));
    out.push_back({std::move(series), hash.text(), {}, {}});
    if (const Status fits = cut(options, out.back().series.name, out.back()); !fits) return fits;
  }
  return Status::ok();
}

using ScoresBySeries = std::map<std::string, SeriesScores>;

std::array<ScoresBySeries, kModelParts.size()> score_parts(const TrainingData& data, const LstmWeights& weights) {
  std::array<ScoresBySeries, kModelParts.size()> out;
  for (const auto& one : data.series) {
    auto parts = evaluate_parts(one.series, data.settings, {&weights, &weights}, one.ends);
    for (size_t part = 0; part < parts.size(); ++part) out[part][one.series.name] = std::move(parts[part]);
  }
  return out;
}

ModelScore sum_up(const TrainingData& data, TrainingPart part, const ScoresBySeries& scores, const LstmWeights& weights) {
  ModelScore out;
  out.loss = mean_relative_loss(data, part, weights);
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    const MethodSummary sum = summarise(scores, data.size, h);
    out.series = std::max<uint64_t>(out.series, sum.series);
    out.error[h] = sum.error;
    out.pinball[h] = sum.pinball;
    out.coverage[h] = sum.coverage;
  }
  return out;
}

}  // namespace

void add_training_data_options(CLI::App& app, TrainingDataOptions& options) {
  add_series_options(app, options.series, false);
  app.add_option("--generated", options.generated, "so many made-up series instead of files")
      ->check(CLI::Range(size_t{1}, kMostGenerated))
      ->excludes("--series");
  app.add_option("--size", options.size, "of the forecasts: headroom or headroom_small")
      ->check(CLI::IsMember({HeadroomSize::kName, HeadroomSmallSize::kName}))
      ->capture_default_str();
  app.add_option("--validation", options.validation, "share of each series, before the last, that says when to stop")
      ->capture_default_str();
  app.add_option("--test", options.test, "share of each series, the last, that only judges the result")->capture_default_str();
  app.add_option("--seed", options.seed, "of all that is drawn by chance")->check(CLI::PositiveNumber)->capture_default_str();
}

std::vector<const LstmSeries*> TrainingData::part(TrainingPart part) const {
  std::vector<const LstmSeries*> out;
  for (const auto& one : series) out.push_back(&one.seen[part]);
  return out;
}

Result<TrainingData> read_training_data(const TrainingDataOptions& options) {
  TrainingData out;
  const auto horizons = read_horizons(options.series.horizons);
  if (!horizons) return horizons.status();
  if (const Status split = check_split(options); !split) return split;
  if (options.generated == 0 && options.series.paths.empty()) return Status(Code::kInvalid, "--series DIR|FILE or --generated N is needed");
  out.settings.horizons = *horizons;
  out.settings.seed = options.seed;
  out.settings.methods = {options.size};
  out.size = options.size;
  const Status read = options.generated > 0 ? generate(options, out.series) : read_files(options, out.series);
  if (!read) return read;
  for (auto& one : out.series) {
    std::fprintf(stderr, "%s: %zu values\n", one.series.name.c_str(), one.series.values.size());
    one.seen = options.size == HeadroomSize::kName ? lstm_parts<HeadroomSize>(one.series, out.settings, one.ends)
                                                   : lstm_parts<HeadroomSmallSize>(one.series, out.settings, one.ends);
  }
  return out;
}

double mean_relative_loss(const TrainingData& data, TrainingPart part, const LstmWeights& weights) {
  double sum = 0;
  for (const auto& one : data.series) sum += relative_loss(weights, one.seen[part], kLossBurn);
  return sum / static_cast<double>(data.series.size());
}

std::array<ModelScore, kModelParts.size()> score_weights(const TrainingData& data, const LstmWeights& weights) {
  const auto scores = score_parts(data, weights);
  std::array<ModelScore, kModelParts.size()> out;
  for (size_t part = 0; part < out.size(); ++part) out[part] = sum_up(data, static_cast<TrainingPart>(part), scores[part], weights);
  return out;
}

ModelScore score_part(const TrainingData& data, TrainingPart part, const LstmWeights& weights) {
  return sum_up(data, part, score_parts(data, weights)[part], weights);
}

std::string data_words(const TrainingDataOptions& options) {
  std::string out;
  if (options.generated > 0) out = concat(" --generated ", std::to_string(options.generated));
  for (const auto& path : options.series.paths) out += concat(" --series ", path);
  if (options.series.columns.time != SeriesColumns().time) out += concat(" --time-column ", options.series.columns.time);
  if (options.series.columns.value != SeriesColumns().value) out += concat(" --value-column ", options.series.columns.value);
  std::string horizons;
  for (const int horizon : options.series.horizons) horizons += concat(horizons.empty() ? "" : ",", std::to_string(horizon));
  char split[64];
  std::snprintf(split, sizeof split, " --validation %g --test %g", options.validation, options.test);
  return out + concat(" --size ", options.size, " --horizons ", horizons, split, " --seed ", std::to_string(options.seed));
}

}  // namespace headroom
