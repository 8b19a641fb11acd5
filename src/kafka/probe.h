#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ports.h"
#include "kafka/client.h"

namespace headroom {

// A second consumer handle of the worker's group that never joins it: asks what the joined one, which reads committed records only, cannot.
// One thread; each call waits at most its timeout.
class GroupProbe {
 public:
  static Result<std::unique_ptr<GroupProbe>> make(const KafkaConfig& config, const std::string& group, const std::string& topic);

  // The last completed commit, whatever transaction is open.
  Result<std::vector<Committed>> committed(std::span<const Partition> partitions, int timeout_ms);
  // The timestamp of the record at exactly this offset; none where there is no record.
  Result<std::optional<int64_t>> timestamp_at(Partition partition, Offset offset, int timeout_ms);
  // Whether the group lists a member with this group.instance.id.
  Result<bool> lists_instance(std::string_view instance, int timeout_ms);

 private:
  GroupProbe(ClientHandle client, std::string group, std::string topic)
      : client_(std::move(client)), group_(std::move(group)), topic_(std::move(topic)) {}

  ClientHandle client_;
  std::string group_;
  std::string topic_;
  TopicHandle known_;  // released before the client
};

}  // namespace headroom
