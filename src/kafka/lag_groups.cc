#include "kafka/lag_groups.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "kafka/error.h"
#include "kafka/partitions.h"

namespace headroom {
namespace {

constexpr size_t kOverlapped = 64;
constexpr size_t kDescribedAtOnce = 100;
constexpr int kStuckMs = 500;
constexpr int64_t kRenewMs = 2000;
constexpr int64_t kMostRenewMs = 60'000;
constexpr size_t kMostRetired = 4;
// Librdkafka 2.0.2 aborts the process (rd_kafka_enq_once_del_source_return: Assertion `eonce->refcnt > 0') when a request to a coordinator
// runs out of its time just as an answer comes. So its own time is far longer than ours, and an answer that comes late is dropped.
constexpr int kLibraryMs = 120'000;
// Nor is a client destroyed with such a request under way: that ends them, too.
constexpr int64_t kRestMs = kLibraryMs + 30'000;

using Asked = std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, KafkaDeleter<rd_kafka_ListConsumerGroupOffsets_destroy>>;
using ConfigResource = std::unique_ptr<rd_kafka_ConfigResource_t, KafkaDeleter<rd_kafka_ConfigResource_destroy>>;

int left_ms(int64_t deadline_ms) {
  return static_cast<int>(std::clamp<int64_t>(deadline_ms - steady_ms(), 1, 60'000));
}

AdminOptions options_for(rd_kafka_t* client, rd_kafka_admin_op_t operation) {
  AdminOptions options(rd_kafka_AdminOptions_new(client, operation));
  char text[256];
  (void)rd_kafka_AdminOptions_set_request_timeout(options.get(), kLibraryMs, text, sizeof text);
  return options;
}

GroupCommits commits_of(rd_kafka_event_t* event) {
  GroupCommits commits;
  if (const auto error = rd_kafka_event_error(event); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    commits.status = kafka_status(error, "offsets of a group");
    return commits;
  }
  size_t count = 0;
  const auto* groups = rd_kafka_ListConsumerGroupOffsets_result_groups(rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
  for (size_t i = 0; i < count; ++i) {
    if (const auto* error = rd_kafka_group_result_error(groups[i])) commits.status = kafka_status(error, "offsets of a group");
    const auto* partitions = rd_kafka_group_result_partitions(groups[i]);
    for (int p = 0; partitions != nullptr && p < partitions->cnt; ++p) {
      const auto& one = partitions->elems[p];
      if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR && one.offset >= 0) commits.partitions.push_back({{one.topic, one.partition}, one.offset});
    }
  }
  return commits;
}

DescribedGroup described(const rd_kafka_ConsumerGroupDescription_t* group) {
  DescribedGroup made;
  if (const auto* error = rd_kafka_ConsumerGroupDescription_error(group)) {
    made.status = kafka_status(error, "describing a group");
    return made;
  }
  made.state = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(group));
  made.members = static_cast<int32_t>(rd_kafka_ConsumerGroupDescription_member_count(group));
  for (int32_t m = 0; m < made.members; ++m) {
    const auto* member = rd_kafka_ConsumerGroupDescription_member(group, static_cast<size_t>(m));
    const auto* assignment = rd_kafka_MemberDescription_assignment(member);
    const auto* partitions = assignment != nullptr ? rd_kafka_MemberAssignment_partitions(assignment) : nullptr;
    for (int p = 0; partitions != nullptr && p < partitions->cnt; ++p)
      made.assigned.emplace_back(partitions->elems[p].topic, partitions->elems[p].partition);
  }
  std::sort(made.assigned.begin(), made.assigned.end());
  return made;
}

TopicRetention retention_of(const rd_kafka_ConfigResource_t* resource) {
  TopicRetention retention;
  bool deletes = true;
  size_t count = 0;
  const auto* entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (size_t i = 0; i < count; ++i) {
    const std::string_view name = rd_kafka_ConfigEntry_name(entries[i]);
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value == nullptr) continue;
    if (name == "retention.ms") retention.ms = std::strtoll(value, nullptr, 10);
    if (name == "retention.bytes") retention.bytes = std::strtoll(value, nullptr, 10);
    if (name != "cleanup.policy") continue;
    deletes = std::string_view(value).find("delete") != std::string_view::npos;
    retention.compacts = std::string_view(value).find("compact") != std::string_view::npos;
  }
  if (!deletes) retention.ms = retention.bytes = -1;  // a topic that is only compacted loses nothing by age
  return retention;
}

// A consumer that never joins: without a group of its own librdkafka 2.0.2 crashes when a broker says that it does not coordinate a group
// any more.
Result<ClientHandle> admin_client(const KafkaConfig& config) {
  ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
  plan.required.insert({{"group.id", "headroom.lag-source"}});
  return make_client(config, plan);
}

}  // namespace

Result<std::unique_ptr<LagGroups>> LagGroups::make(const KafkaConfig& config) {
  auto client = admin_client(config);
  if (!client) return client.status();
  return std::unique_ptr<LagGroups>(new LagGroups(config, std::move(*client)));
}

// Those that may have requests under way are left behind.
LagGroups::~LagGroups() {
  if (steady_ms() - unanswered_ms_ < kRestMs) (void)client_.release();
  for (Retired& one : retired_)
    if (steady_ms() - one.since_ms < kRestMs) (void)one.client.release();
}

// A client forgets no broker that it learned of: librdkafka 2.0.2 asks one that is gone for its groups, and for what it coordinated, until
// it is back. A new client knows those that are there. Where that does not help it is tried ever less often.
void LagGroups::renew_client() {
  const int64_t now = steady_ms();
  std::erase_if(retired_, [&](const Retired& one) { return now - one.since_ms >= kRestMs; });
  if (!std::exchange(unanswered_, false)) {
    renew_after_ms_ = kRenewMs;
    return;
  }
  unanswered_ms_ = now;
  if (now - renewed_ms_ < renew_after_ms_ || retired_.size() == kMostRetired) return;
  auto client = admin_client(config_);
  if (!client) return;
  retired_.push_back({std::exchange(client_, std::move(*client)), now});
  renewed_ms_ = now;
  renew_after_ms_ = std::min(2 * renew_after_ms_, kMostRenewMs);
}

Result<GroupListing> LagGroups::list(int64_t deadline_ms) {
  renew_client();
  const QueueHandle queue(rd_kafka_queue_new(client_.get()));
  const AdminOptions options = options_for(client_.get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS);
  ++requests_;
  rd_kafka_ListConsumerGroups(client_.get(), options.get(), queue.get());
  const EventHandle event(rd_kafka_queue_poll(queue.get(), left_ms(deadline_ms)));
  if (event == nullptr) {
    unanswered_ = true;
    return Status(Code::kTimeout, "listing groups: no answer");
  }
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return kafka_status(error, "listing groups");
  const auto* result = rd_kafka_event_ListConsumerGroups_result(event.get());
  GroupListing listing;
  size_t count = 0;
  size_t errors = 0;
  const auto** failed = rd_kafka_ListConsumerGroups_result_errors(result, &errors);
  const auto** groups = rd_kafka_ListConsumerGroups_result_valid(result, &count);
  if (count == 0 && errors > 0) return kafka_status(failed[0], "listing groups");
  for (size_t i = 0; i < count; ++i)
    listing.groups.push_back({rd_kafka_ConsumerGroupListing_group_id(groups[i]),
                              rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupListing_state(groups[i]))});
  std::sort(listing.groups.begin(), listing.groups.end(), [](const auto& a, const auto& b) { return a.group < b.group; });
  listing.complete = errors == 0;
  return listing;
}

std::vector<DescribedGroup> LagGroups::describe(std::span<const std::string> groups, int64_t deadline_ms) {
  std::vector<DescribedGroup> all(groups.size());
  for (DescribedGroup& one : all) one.status = Status(Code::kTimeout, "describing a group: no answer");
  for (size_t i = 0; i < groups.size() && steady_ms() < deadline_ms; i += kDescribedAtOnce) {
    const size_t size = std::min(kDescribedAtOnce, groups.size() - i);
    describe_some(groups.subspan(i, size), deadline_ms, std::span(all).subspan(i, size));
  }
  return all;
}

void LagGroups::describe_some(std::span<const std::string> groups, int64_t deadline_ms, std::span<DescribedGroup> out) {
  std::vector<const char*> names;
  for (const std::string& group : groups) names.push_back(group.c_str());
  const QueueHandle queue(rd_kafka_queue_new(client_.get()));
  const AdminOptions options = options_for(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
  requests_ += groups.size();
  rd_kafka_DescribeConsumerGroups(client_.get(), names.data(), names.size(), options.get(), queue.get());
  const EventHandle event(rd_kafka_queue_poll(queue.get(), left_ms(deadline_ms)));
  if (event == nullptr) {
    unanswered_ = true;
    return;
  }
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    for (DescribedGroup& one : out) one.status = kafka_status(error, "describing a group");
    return;
  }
  size_t count = 0;
  const auto** answers = rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    const auto name = std::find(groups.begin(), groups.end(), rd_kafka_ConsumerGroupDescription_group_id(answers[i]));
    if (name != groups.end()) out[static_cast<size_t>(name - groups.begin())] = described(answers[i]);
  }
}

void LagGroups::ask_committed(const std::string& group, GroupCommits* answer, rd_kafka_queue_t* answers) {
  rd_kafka_ListConsumerGroupOffsets_t* asked = rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), nullptr);
  const Asked owner(asked);
  const AdminOptions options = options_for(client_.get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
  rd_kafka_AdminOptions_set_opaque(options.get(), answer);
  ++requests_;
  rd_kafka_ListConsumerGroupOffsets(client_.get(), &asked, 1, options.get(), answers);
}

std::vector<GroupCommits> LagGroups::committed(std::span<const std::string> groups, int64_t deadline_ms) {
  std::vector<GroupCommits> all(groups.size());
  for (GroupCommits& one : all) one.status = Status(Code::kTimeout, "offsets of a group: no answer");
  const QueueHandle queue(rd_kafka_queue_new(client_.get()));
  size_t asked = 0;
  size_t answered = 0;
  size_t stuck = 0;  // with a coordinator that does not answer: they do not hold the others up
  while (answered < groups.size()) {
    for (; asked < groups.size() && asked - answered < kOverlapped + stuck; ++asked) ask_committed(groups[asked], &all[asked], queue.get());
    const EventHandle event(rd_kafka_queue_poll(queue.get(), std::min(left_ms(deadline_ms), kStuckMs)));
    if (event == nullptr) {
      if (steady_ms() >= deadline_ms) break;
      stuck = asked - answered;
      continue;
    }
    if (auto* answer = static_cast<GroupCommits*>(rd_kafka_event_opaque(event.get()))) *answer = commits_of(event.get());
    ++answered;
  }
  unanswered_ = unanswered_ || answered < groups.size();
  return all;
}

Result<TopicLeaders> LagGroups::leaders(int64_t deadline_ms) {
  const rd_kafka_metadata_t* metadata = nullptr;
  ++requests_;
  const auto error = rd_kafka_metadata(client_.get(), 1, nullptr, &metadata, left_ms(deadline_ms));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(error, "topics");
  TopicLeaders leaders;
  for (int t = 0; t < metadata->topic_cnt; ++t) {
    const auto& topic = metadata->topics[t];
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR && topic.partition_cnt == 0) continue;
    auto& of_topic = leaders[topic.topic];
    for (int p = 0; p < topic.partition_cnt; ++p) {
      const auto& partition = topic.partitions[p];
      const auto place = static_cast<size_t>(std::max(partition.id, 0));
      if (of_topic.size() <= place) of_topic.resize(place + 1, -1);
      of_topic[place] = partition.leader;
    }
  }
  rd_kafka_metadata_destroy(metadata);
  return leaders;
}

std::map<std::string, TopicRetention> LagGroups::retention(std::span<const std::string> topics, int64_t deadline_ms) {
  std::map<std::string, TopicRetention> found;
  if (topics.empty()) return found;
  std::vector<ConfigResource> made;
  std::vector<rd_kafka_ConfigResource_t*> asked;
  for (const std::string& topic : topics) {
    made.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    asked.push_back(made.back().get());
  }
  const QueueHandle queue(rd_kafka_queue_new(client_.get()));
  const AdminOptions options = options_for(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  ++requests_;
  rd_kafka_DescribeConfigs(client_.get(), asked.data(), asked.size(), options.get(), queue.get());
  const EventHandle event(rd_kafka_queue_poll(queue.get(), left_ms(deadline_ms)));
  if (event == nullptr || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
  size_t count = 0;
  const auto** resources = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i)
    if (rd_kafka_ConfigResource_error(resources[i]) == RD_KAFKA_RESP_ERR_NO_ERROR)
      found[rd_kafka_ConfigResource_name(resources[i])] = retention_of(resources[i]);
  return found;
}

}  // namespace headroom
