#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "forecast/lstm_training.h"
#include "headroom/status.h"

namespace headroom {

// An epoch is so many updates, whatever the data.
inline constexpr size_t kEpochUpdates = 50;

// How weights are trained: what may be searched for, `headroom tune` says how.
struct TrainingParams {
  LstmTraining training;  // `updates` and `seed` are set by whoever trains
  size_t epochs = 30;
};

// One of them: the same declaration reads it from a file, bounds it and says where to search.
struct TrainingParam {
  std::string_view name, text;
  double least, most;  // what is allowed
  double from, to;     // where to search
  bool whole;          // numbers
  bool by_ratio;       // searched in equal ratios instead of equal distances
  double (*access)(TrainingParams&, const double* set_to);

  double get(TrainingParams params) const { return access(params, nullptr); }
  void set(TrainingParams& params, double value) const { access(params, &value); }
};
std::span<const TrainingParam> training_params();

// By name.
std::map<std::string, double> values_of(const TrainingParams& params);

// JSON: {"headroom_training": 1, "rate": 0.002, ...}; what is not named keeps its default.
std::string write_training_params(const TrainingParams& params);
// kInvalid: what, where, and what is allowed.
Result<TrainingParams> read_training_params(std::string_view text);

// A relation that bounds cannot say; kInvalid with what must hold.
Status check_training_params(const TrainingParams& params);

}  // namespace headroom
