#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/concat.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/durable_file.h"
#include "cli/tune_journal.h"
#include "cli/tune_search.h"
#include "codec/model_score.h"
#include "forecast/machine.h"

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShown = 10;
const std::map<std::string, TuneMethod> kMethods = {
    {"grid", TuneMethod::kGrid}, {"random", TuneMethod::kRandom}, {"halving", TuneMethod::kHalving}};
const std::map<std::string, TuneObjective> kObjectives = {
    {"error", TuneObjective::kError}, {"pinball", TuneObjective::kPinball}, {"loss", TuneObjective::kLoss}};

struct TuneOptions {
  TrainingDataOptions data;
  std::vector<std::string> search;
  std::string method = "random";
  std::string objective = "error";
  size_t trials = 20;
  size_t points = 3;
  size_t epochs = TrainingParams().epochs;
  size_t patience = 8;
  size_t jobs = 1;
  std::string out, save;
  bool resume = false, restart = false;
};

// A trial that is done.
struct DoneTrial {
  TuneTrial trial;
  TuneResult result;
};

Result<TuneSpace> read_space(const TuneOptions& options) {
  TuneSpace out{{}, options.data.seed};
  std::vector<std::string> search = options.search;
  if (search.empty())
    for (const auto& param : training_params())
      if (param.name != "epochs" || kMethods.at(options.method) != TuneMethod::kHalving) search.emplace_back(param.name);
  for (const auto& text : search) {
    const auto range = read_range(text);
    if (!range) return range.status();
    if (range->param->name == "epochs" && kMethods.at(options.method) == TuneMethod::kHalving)
      return Status(Code::kInvalid, "--search epochs: halving deals them out itself, up to --epochs");
    for (const auto& other : out.ranges)
      if (other.param == range->param) return Status(Code::kInvalid, concat("--search ", text, ": twice"));
    out.ranges.push_back(*range);
  }
  return out;
}

Result<std::vector<TrainingParams>> candidates_of(const TuneOptions& options, const TuneSpace& space) {
  auto out = options.method == "grid" ? space.grid(options.points) : space.random(options.trials);
  const bool searched =
      std::any_of(space.ranges.begin(), space.ranges.end(), [](const TuneRange& range) { return range.param->name == "epochs"; });
  if (out && !searched)
    for (auto& params : *out) params.epochs = options.epochs;
  return out;
}

AskedFor asked_for(const TuneOptions& options, const TuneSpace& space, const TrainingData& data) {
  AskedFor out = {{"version", std::string(kVersion)},
                  {"data", data_words(options.data)},
                  {"--method", options.method},
                  {"--objective", options.objective},
                  {"--trials", std::to_string(options.trials)},
                  {"--points", std::to_string(options.points)},
                  {"--epochs", std::to_string(options.epochs)},
                  {"--patience", std::to_string(options.patience)}};
  char bounds[64];
  for (const auto& range : space.ranges) {
    std::snprintf(bounds, sizeof bounds, "%.9g..%.9g", range.from, range.to);
    out.emplace_back(concat("--search ", range.param->name), bounds);
  }
  for (const auto& one : data.series) out.emplace_back(concat("series ", one.series.name), one.hash);
  return out;
}

// Runs the trials of a search, some at a time; what comes out does not depend on how many.
class Search {
 public:
  Search(const TuneRun& run, const std::vector<TrainingParams>& candidates, TuneJournal& journal, size_t jobs)
      : run_(run), candidates_(candidates), journal_(journal), jobs_(jobs) {}

  // The results of a round in the order of its trials. kInvalid: the journal cannot be written.
  Status round(const TuneRound& round, std::vector<TuneResult>& results) {
    results.assign(round.trials.size(), {});
    next_ = 0;
    std::vector<std::thread> threads;
    for (size_t i = 1; i < std::min(jobs_, round.trials.size()); ++i) threads.emplace_back([&] { work(round, results); });
    work(round, results);
    for (auto& thread : threads) thread.join();
    if (terminal_) std::fputs("\r\033[K", stderr);
    return failed_;
  }
  size_t remembered() const { return remembered_; }

 private:
  void work(const TuneRound& round, std::vector<TuneResult>& results) {
    for (size_t at = 0; (at = next_++) < round.trials.size();) {
      const TuneTrial& trial = round.trials[at];
      if (take_remembered(trial, results[at])) continue;
      results[at] = run_trial(run_, candidates_[trial.candidate], trial.epochs);
      if (!keep(trial, results[at], round.trials.size())) return;
    }
  }
  bool take_remembered(const TuneTrial& trial, TuneResult& result) {
    const std::lock_guard lock(mutex_);
    const TuneResult* known = journal_.find(trial);
    if (known == nullptr) return false;
    result = *known;
    ++remembered_;
    ++done_;
    return true;
  }
  bool keep(const TuneTrial& trial, const TuneResult& result, size_t trials) {
    const std::lock_guard lock(mutex_);
    if (failed_) failed_ = journal_.add(trial, result);
    best_ = std::min(best_, result.objective);
    ++done_;
    if (terminal_)
      std::fprintf(stderr, "\r\033[Ktrial %zu of %zu epochs, %zu done, %zu in this round, best %.4f", trial.candidate, trial.epochs, done_,
                   trials, best_);
    return failed_.is_ok();
  }

  const TuneRun& run_;
  const std::vector<TrainingParams>& candidates_;
  TuneJournal& journal_;
  const size_t jobs_;
  const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;
  Status failed_;
  double best_ = 1e9;
  size_t done_ = 0, remembered_ = 0;
};

Json params_json(const TrainingParams& params) {
  Json out = Json::object();
  for (const auto& param : training_params()) out[std::string(param.name)] = codec::number_json(param.get(params));
  return out;
}

TrainingParams params_of(const std::vector<TrainingParams>& candidates, const TuneTrial& trial) {
  TrainingParams out = candidates[trial.candidate];
  out.epochs = trial.epochs;
  return out;
}

// All trials of the last round before all of the one before it, the best first; so the first is the best.
std::string report(const TuneOptions& options, const TuneSpace& space, const std::vector<TrainingParams>& candidates,
                   const std::vector<DoneTrial>& done) {
  Json ranges = Json::array(), trials = Json::array();
  for (const auto& range : space.ranges)
    ranges.push_back({{"name", range.param->name},
                      {"from", codec::number_json(range.from)},
                      {"to", codec::number_json(range.to)},
                      {"default", codec::number_json(range.param->get({}))},
                      {"kind", concat(range.param->whole ? "whole, " : "", range.param->by_ratio ? "by ratio" : "by distance")}});
  double cpu_seconds = 0;
  for (const auto& [trial, result] : done) {
    cpu_seconds += result.cpu_seconds;
    trials.push_back({{"candidate", trial.candidate},
                      {"objective", result.objective},
                      {"params", params_json(params_of(candidates, trial))},
                      {"best_epoch", result.best_epoch},
                      {"validation", score_json(result.score)}});
  }
  const Json json = {{"headroom_tuning", 1},
                     {"command", concat("headroom tune", data_words(options.data), " --method ", options.method, " --objective ",
                                        options.objective, " --trials ", std::to_string(options.trials), " --points ",
                                        std::to_string(options.points), " --epochs ", std::to_string(options.epochs))},
                     {"objective", options.objective},
                     {"method", options.method},
                     {"searched", ranges},
                     {"best", trials.front()},
                     {"trials", trials},
                     {"cost", {{"trials", done.size()}, {"cpu_seconds", cpu_seconds}}}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void print_table(const TuneOptions& options, const std::vector<TrainingParams>& candidates, const std::vector<DoneTrial>& done) {
  std::printf("%9s", options.objective.c_str());
  for (const auto& param : training_params()) std::printf("  %12s", std::string(param.name).c_str());
  std::printf("   MAE/persistence      pinball 0.95\n");
  double cpu_seconds = 0;
  for (size_t i = 0; i < done.size(); ++i) {
    const auto& [trial, result] = done[i];
    cpu_seconds += result.cpu_seconds;
    if (i >= kShown && trial.candidate != 0) continue;
    std::printf("%9.4f", result.objective);
    for (const auto& param : training_params()) std::printf("  %12g", param.get(params_of(candidates, trial)));
    std::printf("  %.3f %.3f %.3f  %.3f %.3f %.3f%s\n", result.score.error[0], result.score.error[1], result.score.error[2],
                result.score.pinball[0], result.score.pinball[1], result.score.pinball[2], trial.candidate == 0 ? "  the defaults" : "");
  }
  std::printf("%zu trials of %zu configurations, %.1f s of CPU\n", done.size(), candidates.size(), cpu_seconds);
}

Status search_all(const TuneOptions& options, Search& search, const std::vector<TrainingParams>& candidates, std::vector<DoneTrial>& done) {
  const TuneMethod method = kMethods.at(options.method);
  std::optional<TuneRound> round = first_round(method, candidates, options.epochs);
  while (round) {
    std::vector<TuneResult> results;
    if (const Status ran = search.round(*round, results); !ran) return ran;
    std::vector<DoneTrial> of_round;
    for (const size_t at : ranking(results)) of_round.push_back({round->trials[at], results[at]});
    done.insert(done.begin(), of_round.begin(), of_round.end());
    round = next_round(method, *round, results, options.epochs);
  }
  return Status::ok();
}

int tune(const TuneOptions& options) {
  if (const Status fits = machine_can_forecast(); !fits) return fail(kExitOutside, fits.message());
  const auto space = read_space(options);
  if (!space) return fail(kExitUsage, space.status().message());
  const auto candidates = candidates_of(options, *space);
  if (!candidates) return fail(kExitUsage, candidates.status().message());
  auto read = read_training_data(options.data);
  if (!read) return fail(kExitUsage, read.status().message());
  const TrainingData data = without_test(std::move(*read));
  TuneJournal journal(options.out + ".journal");
  const auto how = options.resume ? TuneJournal::Begin::kResume : options.restart ? TuneJournal::Begin::kRestart : TuneJournal::Begin::kNew;
  if (const Status begun = journal.begin(asked_for(options, *space, data), how); !begun) return fail(kExitUsage, begun.message());
  const TuneRun run{data, kObjectives.at(options.objective), options.patience, options.data.seed};
  Search search(run, *candidates, journal, options.jobs);
  std::vector<DoneTrial> done;
  if (const Status searched = search_all(options, search, *candidates, done); !searched) return fail(kExitUsage, searched.message());
  if (search.remembered() > 0) std::fprintf(stderr, "%zu trials were done before\n", search.remembered());
  if (const Status written = replace_durably(options.out, report(options, *space, *candidates, done)); !written)
    return fail(kExitUsage, written.message());
  if (!options.save.empty()) {
    const Status saved = replace_durably(options.save, write_training_params(params_of(*candidates, done.front().trial)));
    if (!saved) return fail(kExitUsage, saved.message());
  }
  journal.remove();
  print_table(options, *candidates, done);
  return kExitFine;
}

std::string table_words() {
  std::string out = "what to search, and where; may be repeated; without it all of";
  char line[96];
  for (const auto& param : training_params()) {
    std::snprintf(line, sizeof line, " %s=%g..%g (%g)", std::string(param.name).c_str(), param.from, param.to, param.get({}));
    out += line;
  }
  return out;
}

std::function<int()> setup(CLI::App& app) {
  auto options = std::make_shared<TuneOptions>();
  add_training_data_options(app, options->data);
  app.add_option("--search", options->search, table_words())->type_name("NAME[=FROM..TO]")->expected(1)->take_all();
  app.add_option("--method", options->method, "grid, random or halving (few epochs for all, three times as many for the best third, ...)")
      ->check(CLI::IsMember(kMethods))
      ->capture_default_str();
  app.add_option(
         "--objective", options->objective,
         "on the validation part: error (mean absolute, relative to persistence), pinball (of the 0.95 quantile), or loss (of the LSTM)")
      ->check(CLI::IsMember(kObjectives))
      ->capture_default_str();
  app.add_option("--trials", options->trials, "configurations, the defaults among them; for random and halving")
      ->check(CLI::Range(size_t{1}, kMostTrials))
      ->capture_default_str();
  app.add_option("--points", options->points, "values of each parameter; for grid")->check(CLI::Range(1, 100))->capture_default_str();
  app.add_option("--epochs", options->epochs, "of a trial, unless they are searched; for halving of one in the last round")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--patience", options->patience, "as headroom train has it")->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--jobs", options->jobs, "trials at a time")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--out", options->out, "the report")->required()->type_name("FILE.json");
  app.add_option("--save", options->save, "the best configuration, for headroom train --params")->type_name("FILE");
  app.add_flag("--resume", options->resume, "go on where an earlier run was ended, from the name of --out with .journal");
  app.add_flag("--restart", options->restart, "begin anew where an earlier run was ended")->excludes("--resume");
  return [options] { return tune(*options); };
}

}  // namespace

Command tune_command() {
  return {"tune", "Search for how to train the weights of forecasts.",
          "  headroom tune --series traces/ --trials 30 --jobs 4 --out tuning.json --save params.json\n"
          "  headroom tune --series traces/ --method grid --search rate=5e-4..8e-3 --search windows --points 4 --out tuning.json\n"
          "  headroom train --series traces/ --params params.json --out model.json\n",
          setup};
}

}  // namespace headroom
