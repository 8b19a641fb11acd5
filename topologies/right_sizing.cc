#include "topologies/right_sizing.h"

#include <utility>

#include "headroom/codec.h"
#include "operators/right_sizing.h"

namespace headroom {

Topology right_sizing(const RightSizingParams& params, TopologyOptions options, ObserveAssessment observe) {
  Topology topology("right_sizing", std::move(options));
  auto assessments = from<Sample>(topology, params.topic, [] { return make_sample_decoder(); }).then("right_sizing", RightSizing(params));
  if (observe) assessments = assessments.observe("assessments", std::move(observe));
  assessments.map("commands", command_of).to(params.action_topic, encode_resize);
  return topology;
}

}  // namespace headroom
