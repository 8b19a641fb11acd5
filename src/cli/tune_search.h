#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/training_data.h"
#include "cli/training_params.h"

namespace headroom {

enum class TuneMethod { kGrid, kRandom, kHalving };
enum class TuneObjective { kError, kPinball, kLoss };

// A parameter that is searched, and where.
struct TuneRange {
  const TrainingParam* param;
  double from, to;
};
// "rate", or "rate=1e-4..1e-2". kInvalid: no such parameter, or bounds that it may not have.
Result<TuneRange> read_range(const std::string& text);

inline constexpr size_t kMostTrials = 10'000;

struct TuneSpace {
  std::vector<TuneRange> ranges;
  uint64_t seed = 1;

  // All of them: the defaults first, then `points` values of each parameter with each of the others, ends included; or `trials` drawn by
  // chance. Those that break a relation between parameters are left out. kInvalid: too many.
  Result<std::vector<TrainingParams>> grid(size_t points) const;
  Result<std::vector<TrainingParams>> random(size_t trials) const;
};

struct TuneTrial {
  size_t candidate = 0;
  size_t epochs = 0;  // the budget: at most so many
};
struct TuneResult {
  double objective = 0;  // on the validation part; smaller is better
  ModelScore score;      // there
  uint64_t best_epoch = 0;
  double cpu_seconds = 0;
};

// What a search tries: trials of one round are independent of each other.
struct TuneRound {
  std::vector<TuneTrial> trials;
};
// The first round. Halving begins with all candidates and few epochs; a third goes on with three times as many (Karnin, Koren and Somekh,
// 2013; Jamieson and Talwalkar, 2016), up to `epochs` at the last. The others have one round.
TuneRound first_round(TuneMethod method, const std::vector<TrainingParams>& candidates, size_t epochs);
// The next round, after the results of one; none after the last.
std::optional<TuneRound> next_round(TuneMethod method, const TuneRound& round, const std::vector<TuneResult>& results, size_t epochs);
// Places of the results, the best first; of equals the earlier.
std::vector<size_t> ranking(const std::vector<TuneResult>& results);

struct TuneRun {
  const TrainingData& data;  // without its test parts
  TuneObjective objective = TuneObjective::kError;
  size_t patience = 8;
  uint64_t seed = 1;
};
// Trains and judges. A function of its arguments but for the CPU time. Any thread.
TuneResult run_trial(const TuneRun& run, TrainingParams params, size_t epochs);

// The data up to the test part: what a search may see.
TrainingData without_test(TrainingData data);

}  // namespace headroom
