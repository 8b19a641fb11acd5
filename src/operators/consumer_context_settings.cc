#include "config/settings.h"
#include "operators/consumer_context_params.h"

namespace headroom {
namespace {

constexpr TextRule kTopicRule{"[A-Za-z0-9._-]+", "a Kafka topic name", 249};
constexpr TextRule kNameRule{"[^\\x00-\\x1f]+", "a name without control characters", 512};
constexpr TextRule kNameOrNoneRule{"[^\\x00-\\x1f]*", "a name without control characters, or nothing", 512};

}  // namespace

void declare(SettingVisitor& v, ConsumerTarget& part) {
  v.text({"target", "The consumers' target in the samples: cluster/namespace/kind/name."}, part.target, kNameRule);
  v.text({"container", "Only this container of it; all when empty."}, part.container, kNameOrNoneRule);
  v.text({"cluster", "The Kafka cluster, as lag samples name it."}, part.cluster, kNameRule);
  v.text({"group", "The consumer group."}, part.group, kNameRule);
  v.text({"key", "The key of the group's lag records: what lag_source's key gives for the group's labels."}, part.key, kNameRule);
}

void declare(SettingVisitor& v, ConsumerContextParams& params) {
  v.text({"topic", "The topic that samples are read from."}, params.topic, kTopicRule);
  v.text({"lag_topic", "The topic that context is written to, for lag_watch."}, params.lag_topic, kTopicRule);
  v.text({"host_metric",
          "A metric of the same targets whose value is the share (0 to 1) of CPU in use on the host in its label; none when empty."},
         params.host_metric, kNameOrNoneRule);
  v.duration({"interval", "The least time between two contexts of one target."}, params.interval_ms, {1000, 3'600'000});
  v.list({"targets", "The consumers of which lag_watch's alerts should say whether they had CPU enough."}, params.targets);
}

}  // namespace headroom
