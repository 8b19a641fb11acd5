#pragma once

#include <string>

#include "codec/lstm_model.h"
#include "forecast/lstm.h"
#include "headroom/status.h"

namespace headroom {

// kNotFound, kInvalid, kSchema, kCorrupt: "FILE: what, where, what is allowed".
Result<LstmModel> load_model(const std::string& path);
LstmWeights weights_of(const LstmModel& model);
void set_weights(const LstmWeights& weights, LstmModel& model);

}  // namespace headroom
