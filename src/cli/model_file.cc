#include "cli/model_file.h"

#include <span>

#include "base/concat.h"
#include "cli/config_file.h"

namespace headroom {

static_assert(kModelWeights == kLstmSize && kModelHorizons == kForecastHorizons, "a model file holds the LSTM as it is");

Result<LstmModel> load_model(const std::string& path) {
  const auto text = read_whole_file(path, kMostModelBytes);
  if (!text) return text.status();
  auto model = read_model(*text);
  if (!model) return Status(model.status().code(), concat(path, ": ", model.status().message()));
  return model;
}

LstmWeights weights_of(const LstmModel& model) {
  LstmWeights out;
  unflatten(std::span<const float, kLstmSize>(model.weights), out);
  return out;
}

void set_weights(const LstmWeights& weights, LstmModel& model) {
  model.weights.resize(kLstmSize);
  flatten(weights, std::span<float, kLstmSize>(model.weights));
}

}  // namespace headroom
