#include "topologies/lag_context.h"

#include <optional>
#include <utility>

#include "headroom/codec.h"
#include "headroom/lag_codec.h"
#include "operators/consumer_context.h"

namespace headroom {
namespace {

void encode_context(const KeyedLagContext& keyed, const Envelope&, Encoded& out) {
  LagContext context = keyed.context;
  context.host = keyed.host;
  out.key = keyed.key;
  out.headers.clear();
  out.value.clear();
  append_lag_context(context, keyed.time_ms, out.value);
}

}  // namespace

Topology lag_context(const ConsumerContextParams& params, TopologyOptions options) {
  Topology topology("lag_context", std::move(options));
  const ConsumerContext consumers(params);
  from<Sample>(topology, params.topic, [] { return make_sample_decoder(); })
      .map("of_consumers", [consumers](const Sample& in) { return consumers.wants(in) ? std::optional<Sample>(in) : std::nullopt; })
      .then("consumers", consumers)
      .to(params.lag_topic, encode_context);
  return topology;
}

}  // namespace headroom
