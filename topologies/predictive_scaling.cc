#include "topologies/predictive_scaling.h"

#include <memory>
#include <string>
#include <utility>

#include "headroom/codec.h"
#include "headroom/forecast_codec.h"
#include "headroom/load_event.h"
#include "operators/predictive_scaling.h"

namespace headroom {
namespace {

// Ticks, and the samples of those targets whose rule asks for this size.
auto for_size(const std::shared_ptr<const PredictiveRules>& rules, ForecastSize size) {
  return [rules, size](const LoadEvent& in) -> std::optional<LoadEvent> {
    if (in.tick) return in;
    const auto* rule = rules->of(in.sample.target);
    const bool wanted = rule != nullptr && rule->rule.size == size && PredictiveRules::reads(*rule, in.sample);
    return wanted ? std::optional(in) : std::nullopt;
  };
}

void to_topics(Pipe<LoadOutput> outputs, const PredictiveScalingParams& params, const ObserveLoad& observe) {
  if (observe) outputs = outputs.observe("loads", observe);
  if (params.write_forecasts) outputs.map("forecasts", forecast_of).to(params.forecast_topic, encode_forecast);
  outputs.map("scale commands", load_command_of).to(params.action_topic, encode_scale);
}

}  // namespace

Topology predictive_scaling(const PredictiveScalingParams& params, TopologyOptions options, const ObserveLoad& observe) {
  Topology topology("predictive_scaling", std::move(options));
  const auto rules = std::make_shared<const PredictiveRules>(params);
  const auto events = from<LoadEvent>(topology, params.topic, [] { return make_load_decoder(); });
  to_topics(
      events.map("of headroom", for_size(rules, ForecastSize::kHeadroom)).then("scaling", PredictiveScaling<HeadroomSize>(params, rules)),
      params, observe);
  to_topics(events.map("of headroom_small", for_size(rules, ForecastSize::kSmall))
                .then("scaling_small", PredictiveScaling<HeadroomSmallSize>(params, rules)),
            params, observe);
  return topology;
}

}  // namespace headroom
