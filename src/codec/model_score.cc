#include "codec/model_score.h"

namespace headroom {
namespace {

using codec::Member;
using codec::MemberReader;
using Json = nlohmann::ordered_json;

constexpr double kMostRatio = 1e9;

std::array<double, kModelHorizons> by_horizon(MemberReader& in, const Member& parent, std::string_view name) {
  const Member list = in.list(parent, name, kModelHorizons);
  std::array<double, kModelHorizons> out{};
  for (size_t h = 0; h < kModelHorizons; ++h) out[h] = in.number(MemberReader::item(list, h), 0, kMostRatio);
  return out;
}

}  // namespace

Json score_json(const ModelScore& score) {
  return {{"series", score.series}, {"error", score.error}, {"pinball", score.pinball}, {"coverage", score.coverage}, {"loss", score.loss}};
}

ModelScore read_score(MemberReader& in, const Member& at) {
  in.only(at, {"series", "error", "pinball", "coverage", "loss"});
  return {in.count(at, "series", 0, kMostModelSeries), by_horizon(in, at, "error"), by_horizon(in, at, "pinball"),
          by_horizon(in, at, "coverage"), in.number(at, "loss", 0, kMostRatio)};
}

}  // namespace headroom
