#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "headroom/record.h"
#include "headroom/status.h"
#include "kafka/client.h"

namespace headroom {

using TopicPartition = std::pair<std::string, Partition>;

struct ListedGroup {
  std::string group;
  std::string state;  // Kafka's word; Unknown where the brokers are too old to tell
};

struct GroupListing {
  std::vector<ListedGroup> groups;  // by name
  bool complete = false;            // every broker answered
};

struct DescribedGroup {
  Status status;  // why it could not be described
  std::string state;
  int32_t members = 0;
  std::vector<TopicPartition> assigned;
};

struct CommittedPartition {
  TopicPartition place;
  Offset offset = 0;
};

struct GroupCommits {
  Status status;  // why they could not be had
  std::vector<CommittedPartition> partitions;
};

struct TopicRetention {
  int64_t ms = -1;  // -1: unlimited
  int64_t bytes = -1;
  bool compacts = false;  // offsets have holes
};

// The leader of each partition of each topic; -1: none.
using TopicLeaders = std::map<std::string, std::vector<int32_t>>;

// Asks brokers about groups and topics. Every call returns by `deadline_ms` (steady_ms()) or little later. One thread.
class LagGroups {
 public:
  static Result<std::unique_ptr<LagGroups>> make(const KafkaConfig& config);
  ~LagGroups();
  LagGroups(const LagGroups&) = delete;
  LagGroups& operator=(const LagGroups&) = delete;

  // Groups of consumers, and those that only commit. Begins a cycle: where the last one had no answer to something, with a new client.
  Result<GroupListing> list(int64_t deadline_ms);
  // One answer a group, in their order.
  std::vector<DescribedGroup> describe(std::span<const std::string> groups, int64_t deadline_ms);
  // All that each group has committed, whatever transaction is open. Librdkafka 2.0.2 takes one group a call; calls overlap.
  std::vector<GroupCommits> committed(std::span<const std::string> groups, int64_t deadline_ms);
  Result<TopicLeaders> leaders(int64_t deadline_ms);
  // Of the topics that told.
  std::map<std::string, TopicRetention> retention(std::span<const std::string> topics, int64_t deadline_ms);

  uint64_t requests() const { return requests_; }

 private:
  LagGroups(const KafkaConfig& config, ClientHandle client) : config_(config), client_(std::move(client)) {}
  void renew_client();
  void describe_some(std::span<const std::string> groups, int64_t deadline_ms, std::span<DescribedGroup> out);
  void ask_committed(const std::string& group, GroupCommits* answer, rd_kafka_queue_t* answers);

  struct Retired {
    ClientHandle client;
    int64_t since_ms = 0;
  };

  const KafkaConfig config_;
  ClientHandle client_;
  std::vector<Retired> retired_;           // until their requests are over
  bool unanswered_ = false;                // something, since the last listing began
  int64_t unanswered_ms_ = INT64_MIN / 2;  // the last time
  int64_t renewed_ms_ = INT64_MIN / 2;
  int64_t renew_after_ms_ = 0;
  uint64_t requests_ = 0;
};

}  // namespace headroom
