#include <algorithm>
#include <charconv>

#include "kafka/error.h"
#include "kafka/partitions.h"
#include "kafka/source.h"
#include "kafka/topic_reader.h"

// What a source answers beside reading: offsets, bounds, members, what the outputs hold.
namespace headroom {
namespace {

uint64_t number_of(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Records of an older incarnation say nothing of the sequences of a newer one.
void note(LaneOutputs::Topic& topic, const TopicRecord& record) {
  const uint64_t sequence = number_of(record.header("sequence"));
  const uint64_t incarnation = number_of(record.header("incarnation"));
  topic.input_offset = std::max(topic.input_offset, static_cast<Offset>(number_of(record.header("input_offset"))));
  topic.sequence = std::max(topic.sequence, sequence);
  topic.incarnation = std::max(topic.incarnation, incarnation);
}

CommitOutcome outcome_of(rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return CommitOutcome::kCommitted;
  if (is_lost_membership(error)) return CommitOutcome::kLost;
  return CommitOutcome::kUnknown;
}

}  // namespace

Result<GroupProbe*> KafkaSource::probe() {
  if (probe_ == nullptr) {
    auto made = GroupProbe::make(options_.kafka, options_.group(), options_.source_topic);
    if (!made) return made.status();
    probe_ = std::move(*made);
  }
  return probe_.get();
}

Result<std::vector<Committed>> KafkaSource::committed(std::span<const Partition> partitions, bool stable, int timeout_ms) {
  if (!stable) {
    auto asked = probe();
    return asked ? (*asked)->committed(partitions, timeout_ms) : asked.status();
  }
  const PartitionList list = list_of(options_.source_topic, partitions);
  const auto error = rd_kafka_committed(client_.get(), list.get(), timeout_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(error, "committed offsets");
  return committed_of(*list);
}

Result<LogBounds> KafkaSource::bounds(Partition partition, int timeout_ms) {
  const auto start = offset_for(partition, RD_KAFKA_OFFSET_BEGINNING, timeout_ms);
  if (!start) return start.status();
  const auto end = offset_for(partition, RD_KAFKA_OFFSET_END, timeout_ms);
  if (!end) return end.status();
  return LogBounds{*start, *end};
}

Result<Offset> KafkaSource::offset_for(Partition partition, int64_t time, int timeout_ms) {
  const PartitionOffset asked{partition, time};
  const PartitionList list = list_of(options_.source_topic, std::span(&asked, 1));
  const auto error = rd_kafka_offsets_for_times(client_.get(), list.get(), timeout_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(error, "log bounds");
  if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(list->elems[0].err, "log bounds");
  return list->elems[0].offset;
}

Result<std::optional<int64_t>> KafkaSource::timestamp_at(Partition partition, Offset offset, int timeout_ms) {
  auto asked = probe();
  return asked ? (*asked)->timestamp_at(partition, offset, timeout_ms) : asked.status();
}

Result<Offset> KafkaSource::offset_at_time(Partition partition, int64_t timestamp_ms, int timeout_ms) {
  const auto found = offset_for(partition, timestamp_ms, timeout_ms);
  if (!found || *found >= 0) return found;
  return offset_for(partition, RD_KAFKA_OFFSET_END, timeout_ms);
}

Result<bool> KafkaSource::group_lists_slot(std::string_view slot, int timeout_ms) {
  auto asked = probe();
  return asked ? (*asked)->lists_instance(options_.member(slot), timeout_ms) : asked.status();
}

Result<std::map<std::string, LaneOutputs>> KafkaSource::scan_outputs(std::span<const std::string> lanes, int timeout_ms) {
  const int64_t deadline = steady_ms() + timeout_ms;
  std::map<std::string, LaneOutputs> found;
  for (const std::string& lane : lanes) found[lane];
  for (const std::string& topic : options_.output_topics) {
    ReadTopic what;
    what.topic = topic;
    what.timeout_ms = static_cast<int>(std::max<int64_t>(deadline - steady_ms(), 1));
    // A commit is acknowledged before its markers stand in the topics; until then its records are held back.
    what.wait_for_open = true;
    const Status status = read_topic(options_.kafka, what, [&](const TopicRecord& record) {
      const auto lane = found.find(std::string(record.header("lane")));
      if (lane != found.end()) note(lane->second.topics[topic], record);
      return true;
    });
    if (!status) return status;
  }
  return found;
}

CommitResult KafkaSource::commit_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group, int timeout_ms) {
  if (&group != group_.get()) return {CommitOutcome::kLost, "the assignment of these offsets is over"};
  const PartitionList list = list_of(options_.source_topic, offsets);
  const QueueHandle answers(rd_kafka_queue_new(client_.get()));
  const auto queued = rd_kafka_commit_queue(client_.get(), list.get(), answers.get(), nullptr, nullptr);
  if (queued != RD_KAFKA_RESP_ERR_NO_ERROR) return {outcome_of(queued), kafka_status(queued, "committing offsets").message()};
  const EventHandle event(rd_kafka_queue_poll(answers.get(), timeout_ms));
  if (event == nullptr) return {CommitOutcome::kUnknown, "committing offsets: no answer"};
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return {outcome_of(error), kafka_status(error, "committing offsets").message()};
  const auto* answered = rd_kafka_event_topic_partition_list(event.get());
  for (int i = 0; answered != nullptr && i < answered->cnt; ++i)
    if (const auto error = answered->elems[i].err; error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return {outcome_of(error), kafka_status(error, "committing offsets").message()};
  return {};
}

}  // namespace headroom
