#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "kafka/handle.h"

namespace headroom {

inline PartitionList partition_list(size_t size) {
  return PartitionList(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

inline PartitionList list_of(const std::string& topic, std::span<const Partition> partitions) {
  PartitionList list = partition_list(partitions.size());
  for (const Partition partition : partitions) rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  return list;
}

inline PartitionList list_of(const std::string& topic, std::span<const PartitionOffset> partitions) {
  PartitionList list = partition_list(partitions.size());
  for (const auto& [partition, offset] : partitions)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  return list;
}

// With metadata, which the list owns.
inline PartitionList list_of(const std::string& topic, std::span<const OffsetCommit> offsets) {
  PartitionList list = partition_list(offsets.size());
  for (const auto& [partition, offset, metadata] : offsets) {
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
    entry->offset = offset;
    entry->metadata = std::malloc(metadata.size() + 1);
    std::memcpy(entry->metadata, metadata.c_str(), metadata.size() + 1);
    entry->metadata_size = metadata.size();
  }
  return list;
}

inline std::vector<Partition> partitions_of(const rd_kafka_topic_partition_list_t& list) {
  std::vector<Partition> partitions;
  for (int i = 0; i < list.cnt; ++i) partitions.push_back(list.elems[i].partition);
  return partitions;
}

// The offsets and metadata of a list that rd_kafka_committed() has filled; the first partition's error, if any.
Result<std::vector<Committed>> committed_of(const rd_kafka_topic_partition_list_t& list);

}  // namespace headroom
