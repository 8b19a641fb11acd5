#pragma once

#include "codec/lstm_model.h"
#include "codec/member_reader.h"

// A score as JSON, in models and wherever else scores are kept.
namespace headroom {

nlohmann::ordered_json score_json(const ModelScore& score);
ModelScore read_score(codec::MemberReader& in, const codec::Member& at);

}  // namespace headroom
