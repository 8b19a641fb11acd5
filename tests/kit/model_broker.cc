#include "kit/model_broker.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/concat.h"

namespace headroom::kit {
namespace {

// What a call of the sink that no broker answers takes.
constexpr int kSinkWaitMs = 100;
constexpr int64_t kTransactionTimeoutUs = 10'000'000;

Status no_answer(ModelClock& clock, int timeout_ms) {
  clock.advance_us(int64_t{timeout_ms} * 1000);
  return {Code::kTimeout, "no broker answers"};
}

// Who committed, by the offset's metadata: "hr1;incarnation;epoch;slot;...".
struct Owner {
  explicit Owner(std::string_view metadata) {
    const size_t epoch_at = metadata.find(';', metadata.find(';') + 1) + 1;
    const size_t slot_at = metadata.find(';', epoch_at) + 1;
    slot = metadata.substr(slot_at, metadata.find(';', slot_at) - slot_at);
    std::from_chars(metadata.data() + epoch_at, metadata.data() + slot_at, epoch);
  }
  uint64_t epoch = 0;
  std::string_view slot;
};

}  // namespace

// ---- the log ----

Offset ModelBroker::append(Partition partition, std::string key, std::string value, int64_t timestamp_ms) {
  auto& end = ends_[static_cast<size_t>(partition)];
  logs_[static_cast<size_t>(partition)].push_back({end, timestamp_ms, std::move(key), std::move(value)});
  return end++;
}

void ModelBroker::delete_before(Partition partition, Offset start) {
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
  for (auto& [slot, producer] : producers_) producer = {producer.epoch + 1, false, {}, {}, 0};
  offsets_.clear();
}

void ModelBroker::reset_offset(Partition partition, Offset offset) {
  for (auto& [slot, producer] : producers_) producer = {producer.epoch + 1, false, {}, {}, 0};
  offsets_[partition] = {partition, offset, {}};
}

void ModelBroker::time_out_transactions(int64_t begun_before_us) {
  for (auto& [slot, producer] : producers_)
    if (producer.open && producer.begun_us < begun_before_us) producer = {producer.epoch + 1, false, {}, {}, 0};
}

void ModelBroker::deliver_late_commits() {
  for (const LateCommit& late : std::exchange(late_, {})) {
    Producer& producer = producers_[late.slot];
    if (producer.epoch != late.epoch || !producer.open) continue;
    take(producer);
    producer = {producer.epoch, false, {}, {}, 0};
  }
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

Result<LogBounds> ModelSource::bounds(Partition partition, int timeout_ms) {
  if (broker_.away_) return no_answer(clock_, timeout_ms);
  return broker_.bounds(partition);
}

Result<bool> ModelSource::group_lists_slot(std::string_view slot, int timeout_ms) {
  if (broker_.away_) return no_answer(clock_, timeout_ms);
  return broker_.lists(std::string(slot));
}

Result<std::span<const Batch>> ModelSource::poll(int timeout_ms, size_t max_records) {
  records_.clear();
  batches_.clear();
  if (broker_.away_) {
    clock_.advance_us(int64_t{timeout_ms} * 1000);
    return std::span<const Batch>(batches_);
  }
  if (!serve_rebalance()) return Status(Code::kFenced, "another member has this slot");
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
  if (broker_.away_) return no_answer(clock_, timeout_ms);
  broker_.time_out_transactions(clock_.steady_us() - kTransactionTimeoutUs);
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

Result<std::optional<int64_t>> ModelSource::timestamp_at(Partition partition, Offset offset, int timeout_ms) {
  if (broker_.away_) return no_answer(clock_, timeout_ms);
  const auto& log = broker_.log(partition);
  const auto at = std::lower_bound(log.begin(), log.end(), offset, [](const ModelBroker::Stored& r, Offset o) { return r.offset < o; });
  if (at == log.end() || at->offset != offset || offset < broker_.bounds(partition).start) return std::optional<int64_t>();
  return std::optional(at->timestamp_ms);
}

Result<Offset> ModelSource::offset_at_time(Partition partition, int64_t timestamp_ms, int timeout_ms) {
  if (broker_.away_) return no_answer(clock_, timeout_ms);
  for (const auto& r : broker_.log(partition))
    if (r.timestamp_ms >= timestamp_ms && r.offset >= broker_.bounds(partition).start) return r.offset;
  return broker_.bounds(partition).end;
}

Result<std::map<std::string, LaneOutputs>> ModelSource::scan_outputs(std::span<const std::string> lanes, int timeout_ms) {
  if (broker_.away_) return no_answer(clock_, timeout_ms);
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
  if (broker_.away_) return;  // the session will end by itself
  broker_.members_.erase(slot_);
  broker_.start_rebalance();
}

// ---- the producer ----

void ModelBroker::check_offset(const OffsetCommit& commit) const {
  const auto old = offsets_.find(commit.partition);
  if (old == offsets_.end() || !old->second.offset) return;
  const auto violated = [&](std::string what) {
    violations_.push_back(concat("partition ", std::to_string(commit.partition), ": ", what));
  };
  if (commit.offset < *old->second.offset)
    violated(concat("offset ", std::to_string(commit.offset), " committed after ", std::to_string(*old->second.offset)));
  if (old->second.metadata.empty()) return;
  const Owner before(old->second.metadata);
  const Owner now(commit.metadata);
  if (now.slot != before.slot && now.epoch == before.epoch) violated("two owners of one epoch");
  if (now.epoch < before.epoch) violated("an older epoch committed after a newer one");
}

void ModelBroker::check(const Producer& producer) const {
  for (const auto& commit : producer.offsets) check_offset(commit);
  for (const auto& record : producer.records) {
    const auto number = std::string_view(record.lane).substr(record.lane.rfind('/') + 1);
    const bool covered = std::any_of(producer.offsets.begin(), producer.offsets.end(), [&](const OffsetCommit& o) {
      return record.input_offset < o.offset && number == std::to_string(o.partition);
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

Status ModelSink::open(int timeout_ms) {
  if (broker_.away_) return no_answer(clock_, timeout_ms);
  auto& producer = broker_.producers_[slot_];
  producer = {producer.epoch + 1, false, {}, {}, 0};
  epoch_ = producer.epoch;
  return Status::ok();
}

Status ModelSink::end_transaction_of(std::string_view slot, int timeout_ms) {
  if (broker_.away_) return no_answer(clock_, timeout_ms);
  auto& producer = broker_.producers_[std::string(slot)];
  producer = {producer.epoch + 1, false, {}, {}, 0};
  return Status::ok();
}

Status ModelSink::begin() {
  auto* producer = mine();
  if (producer == nullptr) return {Code::kFenced, "another producer has this transactional id"};
  *producer = {producer->epoch, true, {}, {}, clock_.steady_us()};
  return Status::ok();
}

Status ModelSink::produce(const OutRecord& record) {
  auto* producer = mine();
  if (producer == nullptr) return {Code::kFenced, "another producer has this transactional id"};
  producer->records.push_back(record);
  return Status::ok();
}

CommitResult ModelSink::send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group) {
  if (broker_.away_) return {CommitOutcome::kAborted, no_answer(clock_, kSinkWaitMs).message()};
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
  if (broker_.away_) return {CommitOutcome::kUnknown, no_answer(clock_, kSinkWaitMs).message()};
  auto* producer = mine();
  if (producer == nullptr) return {CommitOutcome::kFenced, "another producer has this transactional id"};
  const auto fault = std::exchange(broker_.fault_, ModelBroker::Fault::kNone);
  if (fault == ModelBroker::Fault::kAborted) return {CommitOutcome::kAborted, "asked for by the test"};
  if (fault == ModelBroker::Fault::kUnknownLate) broker_.late_.push_back({slot_, epoch_});
  if (fault == ModelBroker::Fault::kUnknownLate || fault == ModelBroker::Fault::kUnknownNotDone)
    return {CommitOutcome::kUnknown, "asked for by the test"};
  broker_.take(*producer);
  *producer = {producer->epoch, false, {}, {}, 0};
  clock_.advance_us(4000);
  return {fault == ModelBroker::Fault::kUnknownDone ? CommitOutcome::kUnknown : CommitOutcome::kCommitted, {}};
}

// An abort that no broker answers leaves the transaction open: nothing is known of this producer any more.
CommitResult ModelSink::abort() {
  if (broker_.away_) return {CommitOutcome::kUnknown, no_answer(clock_, kSinkWaitMs).message()};
  auto* producer = mine();
  if (producer == nullptr) return {CommitOutcome::kFenced, "another producer has this transactional id"};
  *producer = {producer->epoch, false, {}, {}, 0};
  return {CommitOutcome::kAborted, {}};
}

}  // namespace headroom::kit
