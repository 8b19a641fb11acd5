#include "kafka/topics.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/log.h"
#include "kafka/client.h"
#include "kafka/error.h"

namespace headroom {
namespace {

using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, KafkaDeleter<rd_kafka_NewTopic_destroy>>;
using ConfigResource = std::unique_ptr<rd_kafka_ConfigResource_t, KafkaDeleter<rd_kafka_ConfigResource_destroy>>;

Result<ClientHandle> make_admin(const KafkaConfig& config) {
  return make_client(config, client_plan(config, RD_KAFKA_PRODUCER));
}

struct ClusterState {
  int brokers = 0;
  std::vector<TopicState> topics;
};

TopicState state_of(const std::string& name, const rd_kafka_metadata_t& metadata) {
  TopicState state;
  state.topic = name;
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const auto& topic = metadata.topics[i];
    if (name != topic.topic || topic.err != RD_KAFKA_RESP_ERR_NO_ERROR || topic.partition_cnt == 0) continue;
    state.partitions = topic.partition_cnt;
    state.replication = topic.partitions[0].replica_cnt;
  }
  return state;
}

Result<ClusterState> read_metadata(rd_kafka_t* client, std::span<const std::string> topics, int64_t deadline) {
  ClusterState state;
  for (const std::string& name : topics) {
    const TopicHandle topic(rd_kafka_topic_new(client, name.c_str(), nullptr));
    if (topic == nullptr) return kafka_status(rd_kafka_last_error(), "topic " + name);
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto error = rd_kafka_metadata(client, 0, topic.get(), &metadata, static_cast<int>(std::max<int64_t>(deadline - steady_ms(), 1)));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(error, "topic " + name);
    state.brokers = metadata->broker_cnt;
    state.topics.push_back(state_of(name, *metadata));
    const auto topic_error = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_metadata_destroy(metadata);
    if (kafka_code(topic_error) == Code::kDenied) return kafka_status(topic_error, "topic " + name);
  }
  return state;
}

void take_setting(TopicState& state, std::string_view name, const char* value) {
  if (value == nullptr) return;
  if (name == "cleanup.policy") state.cleanup_policy = value;
  if (name == "retention.ms") state.retention_ms = std::atoll(value);
  if (name == "retention.bytes") state.retention_bytes = std::atoll(value);
  if (name == "min.insync.replicas") state.min_insync_replicas = std::atoi(value);
}

// Best effort: who may not ask for settings runs without their check.
void read_settings(rd_kafka_t* client, std::vector<TopicState>& topics, int64_t deadline) {
  std::vector<ConfigResource> resources;
  std::vector<rd_kafka_ConfigResource_t*> asked;
  for (const auto& topic : topics) {
    if (topic.partitions == 0) continue;
    resources.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.topic.c_str()));
    asked.push_back(resources.back().get());
  }
  if (asked.empty()) return;
  const QueueHandle queue(rd_kafka_queue_new(client));
  rd_kafka_DescribeConfigs(client, asked.data(), asked.size(), nullptr, queue.get());
  const EventHandle event(rd_kafka_queue_poll(queue.get(), static_cast<int>(std::max<int64_t>(deadline - steady_ms(), 1))));
  if (event == nullptr || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  size_t count = 0;
  const auto** answers = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    if (rd_kafka_ConfigResource_error(answers[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const std::string_view name = rd_kafka_ConfigResource_name(answers[i]);
    const auto topic = std::find_if(topics.begin(), topics.end(), [&](const TopicState& state) { return state.topic == name; });
    if (topic == topics.end()) continue;
    size_t entries = 0;
    const auto** settings = rd_kafka_ConfigResource_configs(answers[i], &entries);
    for (size_t k = 0; k < entries; ++k)
      take_setting(*topic, rd_kafka_ConfigEntry_name(settings[k]), rd_kafka_ConfigEntry_value(settings[k]));
    topic->settings_known = entries > 0;
  }
}

Result<NewTopic> new_topic(const KafkaConfig& config, const std::string& name, int brokers) {
  const int replication = config.replication > 0 ? config.replication : std::clamp(brokers, 1, 3);
  char text[256];
  NewTopic topic(rd_kafka_NewTopic_new(name.c_str(), config.partitions, replication, text, sizeof text));
  if (topic == nullptr) return Status(Code::kInvalid, "creating " + name + ": " + text);
  rd_kafka_NewTopic_set_config(topic.get(), "cleanup.policy", "delete");
  if (replication >= 3) rd_kafka_NewTopic_set_config(topic.get(), "min.insync.replicas", "2");
  if (config.retention_ms >= 0) rd_kafka_NewTopic_set_config(topic.get(), "retention.ms", std::to_string(config.retention_ms).c_str());
  return topic;
}

Status create_with(rd_kafka_t* client, const KafkaConfig& config, std::span<const std::string> topics, int brokers, int64_t deadline) {
  std::vector<NewTopic> made;
  std::vector<rd_kafka_NewTopic_t*> asked;
  for (const auto& name : topics) {
    auto topic = new_topic(config, name, brokers);
    if (!topic) return topic.status();
    made.push_back(std::move(*topic));
    asked.push_back(made.back().get());
  }
  if (asked.empty()) return Status::ok();
  const AdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  const int left = static_cast<int>(std::max<int64_t>(deadline - steady_ms(), 1));
  char text[256];
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), left, text, sizeof text);
  const QueueHandle queue(rd_kafka_queue_new(client));
  rd_kafka_CreateTopics(client, asked.data(), asked.size(), options.get(), queue.get());
  const EventHandle event(rd_kafka_queue_poll(queue.get(), left));
  if (event == nullptr) return Status(Code::kTimeout, "creating topics: no answer");
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return kafka_status(error, "creating topics");
  size_t count = 0;
  const auto** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    const auto error = rd_kafka_topic_result_error(results[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    return kafka_status(error, std::string("creating ") + rd_kafka_topic_result_name(results[i]));
  }
  return Status::ok();
}

void warn_of_input(const TopicState& input) {
  if (input.compacted())
    log_warn("the input topic is compacted: a state that must be rebuilt from it will not be the one it was",
             {{"topic", input.topic}, {"cleanup_policy", input.cleanup_policy}});
  if (input.settings_known && input.retention_ms >= 0 && input.retention_ms < 3'600'000)
    log_warn("the input topic keeps records for less than an hour: a longer outage loses some",
             {{"topic", input.topic}, {"retention_ms", input.retention_ms}});
}

void warn_of_output(const TopicState& output) {
  if (output.compacted())
    log_warn("an output topic is compacted: what it held cannot be proven from it",
             {{"topic", output.topic}, {"cleanup_policy", output.cleanup_policy}});
  if (output.replication > 1 && output.settings_known && output.min_insync_replicas < 2)
    log_warn("an output topic takes writes with one replica: the loss of a disk can lose commands",
             {{"topic", output.topic}, {"min_insync_replicas", output.min_insync_replicas}});
}

}  // namespace

Result<std::vector<TopicState>> describe_topics(const KafkaConfig& config, std::span<const std::string> topics, int timeout_ms) {
  const int64_t deadline = steady_ms() + timeout_ms;
  auto client = make_admin(config);
  if (!client) return client.status();
  auto state = read_metadata(client->get(), topics, deadline);
  if (!state) return state.status();
  read_settings(client->get(), state->topics, std::min(deadline, steady_ms() + 2000));
  return std::move(state->topics);
}

namespace {

// The controller answers before every broker knows what it made.
Status wait_until_known(rd_kafka_t* client, std::span<const std::string> topics, int64_t deadline) {
  for (;;) {
    const auto state = read_metadata(client, topics, deadline);
    if (!state) return state.status();
    const auto unknown =
        std::find_if(state->topics.begin(), state->topics.end(), [](const TopicState& topic) { return topic.partitions == 0; });
    if (unknown == state->topics.end()) return Status::ok();
    if (steady_ms() >= deadline) return Status(Code::kTimeout, "creating " + unknown->topic + ": the brokers do not know it yet");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

Status create_topics(const KafkaConfig& config, std::span<const std::string> topics, int timeout_ms) {
  const int64_t deadline = steady_ms() + timeout_ms;
  auto client = make_admin(config);
  if (!client) return client.status();
  const auto state = read_metadata(client->get(), topics, deadline);
  if (!state) return state.status();
  std::vector<std::string> missing;
  for (const auto& topic : state->topics)
    if (topic.partitions == 0) missing.push_back(topic.topic);
  const Status made = create_with(client->get(), config, missing, state->brokers, deadline);
  return made ? wait_until_known(client->get(), missing, deadline) : made;
}

Status check_topics(const KafkaConfig& config, const std::string& input, std::span<const std::string> outputs, bool create,
                    int timeout_ms) {
  std::vector<std::string> names(outputs.begin(), outputs.end());
  if (create)
    if (Status status = create_topics(config, outputs, timeout_ms); !status) return status;
  names.push_back(input);
  const auto states = describe_topics(config, names, timeout_ms);
  if (!states) return states.status();
  std::string missing;
  for (const auto& state : *states) {
    if (state.partitions == 0 && !(create && state.topic != input)) missing += (missing.empty() ? "" : ", ") + state.topic;
    if (state.partitions > 0) state.topic == input ? warn_of_input(state) : warn_of_output(state);
  }
  if (missing.empty()) return Status::ok();
  return Status(Code::kNotFound, "these topics do not exist: " + missing + "; make them, or start with --create-topics");
}

}  // namespace headroom
