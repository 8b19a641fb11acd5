#include "cli/tune_search.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numeric>

#include "base/concat.h"
#include "cli/training_run.h"

namespace headroom {
namespace {

constexpr size_t kEta = 3;

// Three digits, so that the configuration can be read aloud and does not hang on a machine's last bit.
double rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return std::strtod(text, nullptr);
}

double value_at(const TuneRange& range, double share) {
  const bool by_ratio = range.param->by_ratio && range.from > 0;
  const double value = by_ratio ? range.from * std::pow(range.to / range.from, share) : range.from + (range.to - range.from) * share;
  const double plain = range.param->whole ? std::round(value) : rounded(value);
  return std::clamp(plain, range.param->least, range.param->most);
}

bool same(const TrainingParams& a, const TrainingParams& b) {
  return values_of(a) == values_of(b);
}

void add(const TrainingParams& params, std::vector<TrainingParams>& out) {
  const auto like = [&](const TrainingParams& other) { return same(params, other); };
  if (check_training_params(params) && std::none_of(out.begin(), out.end(), like)) out.push_back(params);
}

Status too_many(size_t least) {
  return {Code::kInvalid,
          concat("more than ", std::to_string(least), " trials; search fewer parameters, or --points fewer values of each")};
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double mean_ratio(const std::array<double, kModelHorizons>& ratios) {
  double log_sum = 0;
  for (const double ratio : ratios) log_sum += std::log(std::max(ratio, 1e-12));
  return std::exp(log_sum / static_cast<double>(kModelHorizons));
}

double objective_of(TuneObjective objective, const ModelScore& score) {
  if (objective == TuneObjective::kLoss) return score.loss;
  return mean_ratio(objective == TuneObjective::kError ? score.error : score.pinball);
}

}  // namespace

Result<TuneRange> read_range(const std::string& text) {
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  std::string names;
  for (const auto& param : training_params()) {
    names += concat(names.empty() ? "" : ", ", param.name);
    if (param.name != name) continue;
    TuneRange out{&param, param.from, param.to};
    if (equals == std::string::npos) return out;
    const size_t dots = text.find("..", equals);
    const auto number = [&](size_t begin, size_t end, double& into) {
      const auto read = std::from_chars(text.data() + begin, text.data() + end, into);
      return read.ec == std::errc() && read.ptr == text.data() + end;
    };
    const bool numbers = dots != std::string::npos && number(equals + 1, dots, out.from) && number(dots + 2, text.size(), out.to);
    if (numbers && out.from >= param.least && out.from <= out.to && out.to <= param.most) return out;
    char bounds[64];
    std::snprintf(bounds, sizeof bounds, "%g..%g", param.least, param.most);
    return Status(Code::kInvalid, concat("--search ", text, ": expected ", name, "=FROM..TO within ", bounds));
  }
  return Status(Code::kInvalid, concat("--search ", text, ": no such parameter; there are ", names));
}

Result<std::vector<TrainingParams>> TuneSpace::grid(size_t points) const {
  std::vector<TrainingParams> product = {TrainingParams()};
  for (const auto& range : ranges) {
    std::vector<TrainingParams> wider;
    for (const auto& params : product) {
      for (size_t i = 0; i < points; ++i) {
        wider.push_back(params);
        range.param->set(wider.back(), value_at(range, points == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(points - 1)));
      }
      if (wider.size() > kMostTrials) return too_many(kMostTrials);
    }
    product = std::move(wider);
  }
  std::vector<TrainingParams> out = {TrainingParams()};
  for (const auto& params : product) add(params, out);
  return out;
}

Result<std::vector<TrainingParams>> TuneSpace::random(size_t trials) const {
  if (trials > kMostTrials) return too_many(kMostTrials);
  uint64_t state = seed;
  std::vector<TrainingParams> out = {TrainingParams()};
  // A space of few whole numbers has no more than those.
  for (size_t tries = 0; out.size() < trials && tries < 20 * trials; ++tries) {
    TrainingParams params;
    for (const auto& range : ranges)
      range.param->set(params, value_at(range, static_cast<double>(next_random(state) >> 11) / 9007199254740992.0));
    add(params, out);
  }
  return out;
}

TuneRound first_round(TuneMethod method, const std::vector<TrainingParams>& candidates, size_t epochs) {
  size_t budget = epochs;
  if (method == TuneMethod::kHalving)
    for (size_t left = candidates.size(); left > 1 && budget > 1; left = (left + kEta - 1) / kEta) budget = (budget + kEta - 1) / kEta;
  TuneRound out;
  for (size_t i = 0; i < candidates.size(); ++i) out.trials.push_back({i, method == TuneMethod::kHalving ? budget : candidates[i].epochs});
  return out;
}

std::optional<TuneRound> next_round(TuneMethod method, const TuneRound& round, const std::vector<TuneResult>& results, size_t epochs) {
  const size_t budget = round.trials.front().epochs;
  if (method != TuneMethod::kHalving || budget >= epochs) return std::nullopt;
  const auto order = ranking(results);
  TuneRound out;
  for (size_t i = 0; i < (order.size() + kEta - 1) / kEta; ++i) out.trials.push_back({round.trials[order[i]].candidate, 0});
  const size_t next = out.trials.size() == 1 ? epochs : std::min(budget * kEta, epochs);
  for (auto& trial : out.trials) trial.epochs = next;
  return out;
}

std::vector<size_t> ranking(const std::vector<TuneResult>& results) {
  std::vector<size_t> out(results.size());
  std::iota(out.begin(), out.end(), size_t{0});
  std::stable_sort(out.begin(), out.end(), [&](size_t a, size_t b) { return results[a].objective < results[b].objective; });
  return out;
}

TuneResult run_trial(const TuneRun& run, TrainingParams params, size_t epochs) {
  const double began = cpu_seconds();
  params.epochs = epochs;
  const TrainingPlan plan{params, run.patience, run.seed};
  TrainingProgress progress = begin_progress(plan);
  while (!progress.over(plan)) train_epoch(run.data, plan, progress);
  TuneResult out;
  out.score = score_part(run.data, kValidationPart, progress.best);
  out.objective = objective_of(run.objective, out.score);
  out.best_epoch = progress.best_epoch;
  out.cpu_seconds = cpu_seconds() - began;
  return out;
}

TrainingData without_test(TrainingData data) {
  for (auto& one : data.series) {
    const size_t rows = one.ends[kValidationPart];
    one.series.times_ms.resize(rows);
    one.series.values.resize(rows);
    one.ends.pop_back();
    one.seen.pop_back();
  }
  return data;
}

}  // namespace headroom
