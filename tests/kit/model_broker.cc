#include "kit/model_broker.h"

#include <algorithm>

#include "engine/offset_metadata.h"

namespace headroom::kit {

// ---- the log ----

Offset ModelBroker::append(Partition partition, std::string key, std::string value, int64_t timestamp_ms) {
  auto& end = ends_[static_cast<size_t>(partition)];
  logs_[static_cast<size_t>(partition)].push_back({end, timestamp_ms, std::move(key), std::move(value)});
  return end++;
}

void ModelBroker::delete_before(Partition partition, Offset start) {
  std::erase_if(logs_[static_cast<size_t>(partition)], [&](const Stored& r) { return r.offset < start; });
  starts_[static_cast<size_t>(partition)] = start;
}

void ModelBroker::recreate(Partition partition) {
  logs_[static_cast<size_t>(partition)].clear();
  starts_[static_cast<size_t>(partition)] = ends_[static_cast<size_t>(partition)] = 0;
}

// ---- the group ----

void ModelBroker::start_rebalance() {
  rebalancing_ = true;
  for (auto& [slot, member] : members_) {
    member.must_revoke = !member.waits;
  }
  finish_rebalance();
}

// Eager: only when every member has given back what it had does anyone get something.
void ModelBroker::finish_rebalance() {
  if (!rebalancing_) return;
  for (const auto& [slot, member] : members_)
    if (!member.waits) return;
  rebalancing_ = false;
  ++generation_;
  if (members_.empty()) return;
  size_t i = 0;
  std::vector<Member*> ordered;
  for (auto& [slot, member] : members_) {
    member.owned.clear();
    member.generation = generation_;
    ordered.push_back(&member);
  }
  for (Partition p = 0; p < partitions(); ++p) ordered[i++ % ordered.size()]->owned.push_back(p);
}

void ModelBroker::expire(const std::string& slot) {
  if (members_.erase(slot) > 0) start_rebalance();
}

void ModelBroker::expire_offsets() {
  for (auto& [slot, producer] : producers_) producer = {producer.epoch + 1, false, {}, {}};
  offsets_.clear();
}

void ModelBroker::lose_outputs(const std::string& topic, size_t count) {
  for (auto at = output_.end(); at != output_.begin() && count > 0;)
    if ((--at)->topic == topic) at = output_.erase(at), --count;
}

void ModelBroker::leave_open(const std::string& slot, std::vector<OffsetCommit> offsets) {
  auto& producer = producers_[slot];
  producer.open = true;
  producer.offsets = std::move(offsets);
}

// ---- the consumer ----

Status ModelSource::subscribe(RebalanceListener& listener) {
  listener_ = &listener;
  member_ = ++broker_.next_member_;
  broker_.members_[slot_] = {member_, 0, {}, false, true};
  broker_.start_rebalance();
  return Status::ok();
}

bool ModelSource::assignment_lost() {
  const auto found = broker_.members_.find(slot_);
  return found == broker_.members_.end() || found->second.id != member_;
}

bool ModelSource::serve_rebalance() {
  const auto found = broker_.members_.find(slot_);
  if (found != broker_.members_.end() && found->second.id != member_) return false;  // the slot is somebody else's
  if (found == broker_.members_.end()) {
    const auto had = std::exchange(owned_, {});
    listener_->on_revoked(had, true);
    member_ = ++broker_.next_member_;
    broker_.members_[slot_] = {member_, 0, {}, false, true};
    broker_.start_rebalance();
    return true;
  }
  if (found->second.must_revoke) {
    const auto had = std::exchange(owned_, {});
    listener_->on_revoked(had, false);
    const auto after = broker_.members_.find(slot_);
    if (after == broker_.members_.end() || after->second.id != member_) return true;  // the session ended meanwhile
    after->second.must_revoke = false;
    after->second.waits = true;
    broker_.finish_rebalance();
  }
  auto& member = broker_.members_[slot_];
  if (member.waits && !broker_.rebalancing_ && member.generation == broker_.generation_) {
    member.waits = false;
    owned_ = member.owned;
    listener_->on_assigned(owned_, std::make_shared<ModelGroupMetadata>(slot_, member_, member.generation));
  }
  return true;
}

Result<std::span<const Batch>> ModelSource::poll(int timeout_ms, size_t max_records) {
  if (!serve_rebalance()) return Status(Code::kFenced, "another member has this slot");
  records_.clear();
  batches_.clear();
  size_t left = max_records;
  records_.reserve(reading_.size());
  for (auto& [partition, at] : reading_) {
    if (at < broker_.bounds(partition).start) return Status(Code::kNotFound, "the offset is out of range");
    const auto& log = broker_.log(partition);
    auto from = std::lower_bound(log.begin(), log.end(), at, [](const ModelBroker::Stored& r, Offset o) { return r.offset < o; });
    auto& records = records_.emplace_back();
    for (; from != log.end() && left > 0; ++from, --left) records.push_back({from->offset, from->timestamp_ms, from->key, from->value});
    if (left > 0)
      at = broker_.bounds(partition).end;
    else if (!records.empty())
      at = records.back().offset + 1;
    if (!records.empty()) batches_.push_back({partition, records, at});
  }
  if (batches_.empty()) clock_.advance_us(int64_t{timeout_ms} * 1000);
  return std::span<const Batch>(batches_);
}

Status ModelSource::assign(std::span<const PartitionOffset> partitions) {
  reading_.clear();
  for (const auto& p : partitions) reading_[p.partition] = p.offset;
  return Status::ok();
}

std::optional<Offset> ModelSource::position(Partition partition) {
  const auto found = reading_.find(partition);
  return found == reading_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::vector<Committed>> ModelSource::committed(std::span<const Partition> partitions, bool stable, int timeout_ms) {
  std::vector<Committed> all;
  for (const Partition partition : partitions) {
    for (const auto& [slot, producer] : broker_.producers_)
      for (const auto& offset : producer.offsets)
        if (stable && producer.open && offset.partition == partition) {
          clock_.advance_us(int64_t{timeout_ms} * 1000);
          return Status(Code::kTimeout, "an open transaction holds the offset");
        }
    const auto found = broker_.offsets_.find(partition);
    all.push_back(found == broker_.offsets_.end() ? Committed{partition, std::nullopt, {}} : found->second);
  }
  return all;
}

Result<std::optional<int64_t>> ModelSource::timestamp_at(Partition partition, Offset offset, int) {
  for (const auto& r : broker_.log(partition))
    if (r.offset == offset) return std::optional(r.timestamp_ms);
  return std::optional<int64_t>();
}

Result<Offset> ModelSource::offset_at_time(Partition partition, int64_t timestamp_ms, int) {
  for (const auto& r : broker_.log(partition))
    if (r.timestamp_ms >= timestamp_ms) return r.offset;
  return broker_.bounds(partition).end;
}

Result<std::map<std::string, LaneOutputs>> ModelSource::scan_outputs(std::span<const std::string> lanes, int) {
  std::map<std::string, LaneOutputs> all;
  for (const auto& r : broker_.output_) {
    if (std::find(lanes.begin(), lanes.end(), r.lane) == lanes.end()) continue;
    auto& topic = all[r.lane].topics[r.topic];
    topic.sequence = std::max(topic.sequence, r.sequence);
    topic.incarnation = std::max(topic.incarnation, r.incarnation);
    topic.input_offset = std::max(topic.input_offset, r.input_offset);
  }
  return all;
}

void ModelSource::leave(int) {
  const auto found = broker_.members_.find(slot_);
  if (found == broker_.members_.end() || found->second.id != member_) return;
  const auto had = std::exchange(owned_, {});
  listener_->on_revoked(had, false);
  broker_.members_.erase(slot_);
  broker_.start_rebalance();
}

// ---- the producer ----

void ModelBroker::check(const Producer& producer) {
  for (const auto& o : producer.offsets) {
    const auto old = offsets_.find(o.partition);
    if (old == offsets_.end() || !old->second.offset) continue;
    const std::string place = "partition " + std::to_string(o.partition) + ": ";
    if (o.offset < *old->second.offset)
      violations_.push_back(place + "offset " + std::to_string(o.offset) + " committed after " + std::to_string(*old->second.offset));
    const auto before = decode_offset_metadata(old->second.metadata);
    const auto now = decode_offset_metadata(o.metadata);
    if (before && now && now.value().slot != before.value().slot && now.value().epoch == before.value().epoch)
      violations_.push_back(place + "two owners of one epoch");
    if (before && now && now.value().epoch < before.value().epoch)
      violations_.push_back(place + "an older epoch committed after a newer one");
  }
  for (const auto& record : producer.records) {
    const bool covered = std::any_of(producer.offsets.begin(), producer.offsets.end(), [&](const OffsetCommit& o) {
      return record.lane.ends_with("/" + std::to_string(o.partition)) && record.input_offset < o.offset;
    });
    if (!covered)
      violations_.push_back(record.lane + ": an output of offset " + std::to_string(record.input_offset) + " without its offset");
  }
}

void ModelBroker::take(Producer& producer) {
  check(producer);
  ++commits_;
  for (auto& record : producer.records) output_.push_back(std::move(record));
  for (auto& o : producer.offsets) offsets_[o.partition] = {o.partition, o.offset, o.metadata};
}

ModelBroker::Producer* ModelSink::mine() {
  auto& producer = broker_.producers_[slot_];
  return producer.epoch == epoch_ ? &producer : nullptr;
}

Status ModelSink::open(int) {
  auto& producer = broker_.producers_[slot_];
  producer = {producer.epoch + 1, false, {}, {}};
  epoch_ = producer.epoch;
  return Status::ok();
}

Status ModelSink::end_transaction_of(std::string_view slot, int) {
  auto& producer = broker_.producers_[std::string(slot)];
  producer = {producer.epoch + 1, false, {}, {}};
  return Status::ok();
}

Status ModelSink::begin() {
  auto* producer = mine();
  if (producer == nullptr) return {Code::kFenced, "another producer has this transactional id"};
  *producer = {producer->epoch, true, {}, {}};
  return Status::ok();
}

Status ModelSink::produce(const OutRecord& record) {
  auto* producer = mine();
  if (producer == nullptr) return {Code::kFenced, "another producer has this transactional id"};
  producer->records.push_back(record);
  return Status::ok();
}

CommitResult ModelSink::send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group) {
  auto* producer = mine();
  if (producer == nullptr) return {CommitOutcome::kFenced, "another producer has this transactional id"};
  const auto& metadata = dynamic_cast<const ModelGroupMetadata&>(group);
  const auto member = broker_.members_.find(metadata.slot);
  // Kafka checks member and generation, not who owns the partition.
  if (member == broker_.members_.end() || member->second.id != metadata.member || broker_.generation_ != metadata.generation)
    return {CommitOutcome::kLost, "unknown member or illegal generation"};
  producer->offsets.assign(offsets.begin(), offsets.end());
  return {};
}

CommitResult ModelSink::commit() {
  auto* producer = mine();
  if (producer == nullptr) return {CommitOutcome::kFenced, "another producer has this transactional id"};
  const auto fault = std::exchange(broker_.fault_, ModelBroker::Fault::kNone);
  if (fault == ModelBroker::Fault::kAborted) return {CommitOutcome::kAborted, "asked for by the test"};
  if (fault == ModelBroker::Fault::kUnknownNotDone) return {CommitOutcome::kUnknown, "asked for by the test"};
  broker_.take(*producer);
  *producer = {producer->epoch, false, {}, {}};
  clock_.advance_us(4000);
  return {fault == ModelBroker::Fault::kUnknownDone ? CommitOutcome::kUnknown : CommitOutcome::kCommitted, {}};
}

CommitResult ModelSink::abort() {
  auto* producer = mine();
  if (producer == nullptr) return {CommitOutcome::kFenced, "another producer has this transactional id"};
  *producer = {producer->epoch, false, {}, {}};
  return {CommitOutcome::kAborted, {}};
}

}  // namespace headroom::kit
