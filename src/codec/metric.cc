#include "codec/metric_table.h"
#include "headroom/codec.h"

namespace headroom {

Metric metric_named(std::string_view name) {
  return codec::known_metric(name);
}
std::string_view metric_name(Metric metric) {
  return codec::kKnownMetrics[static_cast<size_t>(metric)].name;
}
MetricLimits metric_limits(Metric metric) {
  return codec::known_limits(metric);
}

}  // namespace headroom
