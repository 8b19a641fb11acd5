#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/concat.h"
#include "base/time_text.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/durable_file.h"
#include "cli/model_file.h"
#include "cli/training_data.h"
#include "cli/training_run.h"
#include "forecast/machine.h"
#include "worker/system_clock.h"

namespace headroom {
namespace {

constexpr size_t kMostStateBytes = 64 << 20;
constexpr size_t kMostParamsBytes = 1 << 16;

struct TrainOptions {
  TrainingDataOptions data;
  std::optional<size_t> epochs;
  size_t patience = TrainingPlan().patience;
  std::string params;
  std::string out;
  std::string state;  // empty: beside `out`
  std::string date;
  bool resume = false;
  bool restart = false;

  std::string state_path() const { return state.empty() ? out + ".state" : state; }
};

Result<TrainingPlan> read_plan(const TrainOptions& options) {
  TrainingPlan plan;
  if (!options.params.empty()) {
    const auto text = read_whole_file(options.params, kMostParamsBytes);
    if (!text) return text.status();
    auto params = read_training_params(*text);
    if (!params) return Status(Code::kInvalid, concat(options.params, ": ", params.status().message()));
    plan.params = *params;
  }
  if (options.epochs) plan.params.epochs = *options.epochs;
  plan.patience = options.patience;
  plan.seed = options.data.seed;
  return plan;
}

// The date as it stands in the model: nothing unless the caller says it, for the same command must give the same file.
Result<std::string> read_date(const std::string& text) {
  if (text.empty()) return text;
  if (text == "now") return format_rfc3339(SystemClock().wall_ms() / 1000 * 1000);
  const auto given = parse_rfc3339(text.size() == 10 ? text + "T00:00:00Z" : text);
  if (!given) return Status(Code::kInvalid, concat("--date ", text, ": a day (2026-11-23), an RFC 3339 time, or now"));
  return text;
}

AskedFor asked_for(const TrainOptions& options, const TrainingPlan& plan, const TrainingData& data) {
  AskedFor out = {{"version", std::string(kVersion)},
                  {"--size", options.data.size},
                  {"--seed", std::to_string(options.data.seed)},
                  {"--patience", std::to_string(options.patience)}};
  for (size_t h = 0; h < kForecastHorizons; ++h)
    out.emplace_back(concat("horizon ", std::to_string(h + 1)), std::to_string(data.settings.horizons[h]));
  char share[32];
  for (const auto& [name, value] : {std::pair{"--validation", options.data.validation}, std::pair{"--test", options.data.test}}) {
    std::snprintf(share, sizeof share, "%.17g", value);
    out.emplace_back(name, share);
  }
  for (const auto& [name, value] : values_of(plan.params)) {
    std::snprintf(share, sizeof share, "%.9g", value);
    out.emplace_back(name, share);
  }
  for (const auto& one : data.series) out.emplace_back(concat("series ", one.series.name), one.hash);
  return out;
}

std::string command_of(const TrainOptions& options, const TrainingPlan& plan, const std::string& date) {
  return concat("headroom train", data_words(options.data), options.params.empty() ? "" : concat(" --params ", options.params),
                " --epochs ", std::to_string(plan.params.epochs), " --patience ", std::to_string(options.patience),
                date.empty() ? "" : concat(" --date ", date), " --out ", options.out);
}

// Where an earlier run has stopped, if it may go on from there; else the beginning.
Status begin(const TrainOptions& options, const TrainingPlan& plan, const AskedFor& asked, TrainingProgress& out) {
  const std::string path = options.state_path();
  const auto text = read_whole_file(path, kMostStateBytes);
  out = begin_progress(plan);
  if (text.status().code() == Code::kNotFound || (text && options.restart)) return Status::ok();
  if (!text) return text.status();
  if (!options.resume)
    return {Code::kInvalid, concat(path, " is of a training that was not finished; --resume goes on, --restart begins anew")};
  const Status found = read_progress(*text, asked, out);
  if (found.code() == Code::kInvalid)
    return {Code::kInvalid, concat(path, " is of another training: ", found.message(), "; --restart begins anew")};
  if (!found) return {found.code(), concat(path, ": ", found.message(), "; --restart begins anew")};
  std::fprintf(stderr, "going on behind epoch %llu\n", static_cast<unsigned long long>(out.epoch));
  return Status::ok();
}

Status train_all(const TrainingData& data, const TrainingPlan& plan, const std::string& state_path, const AskedFor& asked,
                 TrainingProgress& progress) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  Status saved;
  while (saved && !progress.over(plan)) {
    train_epoch(data, plan, progress);
    saved = replace_durably(state_path, write_progress(progress, asked));
    if (terminal)
      std::fprintf(stderr, "\r\033[Kepoch %llu of at most %zu, loss %.4f, best %.4f at epoch %llu",
                   static_cast<unsigned long long>(progress.epoch), plan.params.epochs, progress.loss, progress.best_loss,
                   static_cast<unsigned long long>(progress.best_epoch));
  }
  if (terminal) std::fputs("\r\033[K", stderr);
  return saved;
}

LstmModel model_of(const TrainOptions& options, const TrainingPlan& plan, const TrainingData& data, const TrainingProgress& progress) {
  LstmModel out;
  out.size = data.size;
  out.horizons = data.settings.horizons;
  out.version = kVersion;
  out.seed = plan.seed;
  out.split = {1 - options.data.validation - options.data.test, options.data.validation, options.data.test};
  out.params = values_of(plan.params);
  out.epochs = progress.epoch;
  out.best_epoch = progress.best_epoch;
  for (const auto& one : data.series)
    out.series.push_back({one.series.name, one.hash, one.series.step_ms, one.series.values.size(), one.ends[kTrainPart]});
  out.scores = score_weights(data, progress.best);
  set_weights(progress.best, out);
  return out;
}

void print_model(const LstmModel& model) {
  std::printf("part        horizon  MAE/persistence  pinball 0.95  coverage    loss\n");
  for (size_t part = 0; part < kModelParts.size(); ++part) {
    const auto& score = model.scores[part];
    for (size_t h = 0; h < kModelHorizons; ++h)
      std::printf("%-10s  %7d  %15.3f  %12.3f  %8.3f  %6.3f\n", std::string(kModelParts[part]).c_str(), model.horizons[h], score.error[h],
                  score.pinball[h], score.coverage[h], score.loss);
  }
  std::printf("%s: %zu series, weights of epoch %llu of %llu, %s\n", model.size.c_str(), model.series.size(),
              static_cast<unsigned long long>(model.best_epoch), static_cast<unsigned long long>(model.epochs), model_hash(model).c_str());
}

int train(const TrainOptions& options) {
  if (const Status fits = machine_can_forecast(); !fits) return fail(kExitOutside, fits.message());
  const auto plan = read_plan(options);
  if (!plan) return fail(kExitUsage, plan.status().message());
  const auto date = read_date(options.date);
  if (!date) return fail(kExitUsage, date.status().message());
  const auto data = read_training_data(options.data);
  if (!data) return fail(kExitUsage, data.status().message());
  const size_t needed = 2 * plan->params.training.steps;
  if (std::none_of(data->series.begin(), data->series.end(), [&](const auto& one) { return one.seen[kTrainPart].inputs.size() > needed; }))
    return fail(kExitUsage, concat("no series has more than ", std::to_string(needed), " steps to learn from, two pieces"));
  const AskedFor asked = asked_for(options, *plan, *data);
  TrainingProgress progress;
  if (const Status begun = begin(options, *plan, asked, progress); !begun) return fail(kExitUsage, begun.message());
  if (const Status trained = train_all(*data, *plan, options.state_path(), asked, progress); !trained)
    return fail(kExitUsage, trained.message());
  if (progress.best_epoch == 0) {
    ::unlink(options.state_path().c_str());
    return fail(kExitFound, "no weights did better on the validation part than none at all; nothing was written");
  }
  LstmModel model = model_of(options, *plan, *data, progress);
  model.date = *date;
  model.command = command_of(options, *plan, *date);
  if (const Status written = replace_durably(options.out, write_model(model)); !written) return fail(kExitUsage, written.message());
  ::unlink(options.state_path().c_str());
  print_model(model);
  return kExitFine;
}

std::function<int()> setup(CLI::App& app) {
  auto options = std::make_shared<TrainOptions>();
  add_training_data_options(app, options->data);
  app.add_option("--epochs", options->epochs, "at most so many, of 50 updates (30, or as --params says)")->check(CLI::Range(1, 10'000));
  app.add_option("--patience", options->patience, "epochs without a smaller loss on the validation part before it stops")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--params", options->params, "JSON: how to train, as headroom tune --save writes it")->type_name("FILE");
  app.add_option("--out", options->out, "the model")->required()->type_name("FILE.json");
  app.add_option("--date", options->date, "a day or time to be written into the model; now for that of the clock");
  app.add_option("--state", options->state, "what --resume goes on from (the name of --out with .state)")->type_name("FILE");
  app.add_flag("--resume", options->resume, "go on where an earlier run was ended; the model is the same as without an end");
  app.add_flag("--restart", options->restart, "begin anew where an earlier run was ended")->excludes("--resume");
  return [options] { return train(*options); };
}

}  // namespace

Command train_command() {
  return {"train", "Train the weights that forecasts begin with, on series of the past.",
          "  headroom train --series traces/ --out model.json --date now\n"
          "  headroom train --series traces/ --size headroom --seed 2 --out model.json --resume\n"
          "  headroom train --generated 12 --out model.json\n",
          setup};
}

}  // namespace headroom
