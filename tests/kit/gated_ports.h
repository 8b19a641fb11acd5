#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports.h"

namespace headroom::kit {

// Stands before and behind every call that a worker makes to the outside: where a simulator stops it, for a while or for good.
class Gate {
 public:
  virtual ~Gate() = default;
  // `step` names the call and lives as long as the program.
  virtual void pass(const char* step) = 0;

  template <class F>
  auto around(const char* before, const char* after, F&& call) {
    pass(before);
    auto result = call();
    pass(after);
    return result;
  }
};

// A port behind a gate: the call itself takes effect at one moment, between two passes.
class GatedSource final : public Source {
 public:
  GatedSource(Source& source, Gate& gate) : source_(source), gate_(gate) {}

  Status subscribe(RebalanceListener& listener) override {
    return gate_.around("subscribe", "subscribed", [&] { return source_.subscribe(listener); });
  }
  Result<std::span<const Batch>> poll(int timeout_ms, size_t max_records) override {
    return gate_.around("poll", "polled", [&] { return source_.poll(timeout_ms, max_records); });
  }
  Status assign(std::span<const PartitionOffset> partitions) override {
    return gate_.around("assign", "assigned", [&] { return source_.assign(partitions); });
  }
  std::optional<Offset> position(Partition partition) override { return source_.position(partition); }
  std::optional<Offset> log_end(Partition partition) override { return source_.log_end(partition); }
  bool assignment_lost() override { return source_.assignment_lost(); }
  Result<std::vector<Committed>> committed(std::span<const Partition> partitions, bool stable, int timeout_ms) override {
    return gate_.around("read offsets", "offsets read", [&] { return source_.committed(partitions, stable, timeout_ms); });
  }
  Result<LogBounds> bounds(Partition partition, int timeout_ms) override {
    return gate_.around("read bounds", "bounds read", [&] { return source_.bounds(partition, timeout_ms); });
  }
  Result<std::optional<int64_t>> timestamp_at(Partition partition, Offset offset, int timeout_ms) override {
    return gate_.around("read timestamp", "timestamp read", [&] { return source_.timestamp_at(partition, offset, timeout_ms); });
  }
  Result<Offset> offset_at_time(Partition partition, int64_t timestamp_ms, int timeout_ms) override {
    return source_.offset_at_time(partition, timestamp_ms, timeout_ms);
  }
  Result<bool> group_lists_slot(std::string_view slot, int timeout_ms) override {
    return gate_.around("read members", "members read", [&] { return source_.group_lists_slot(slot, timeout_ms); });
  }
  Result<std::map<std::string, LaneOutputs>> scan_outputs(std::span<const std::string> lanes, int timeout_ms) override {
    return gate_.around("scan outputs", "outputs scanned", [&] { return source_.scan_outputs(lanes, timeout_ms); });
  }
  int partition_count() override { return source_.partition_count(); }
  void leave(int timeout_ms) override {
    gate_.pass("leave");
    source_.leave(timeout_ms);
    gate_.pass("left");
  }

 private:
  Source& source_;
  Gate& gate_;
};

class GatedSink final : public Sink {
 public:
  GatedSink(Sink& sink, Gate& gate) : sink_(sink), gate_(gate) {}

  Status open(int timeout_ms) override {
    return gate_.around("open producer", "producer open", [&] { return sink_.open(timeout_ms); });
  }
  Status end_transaction_of(std::string_view slot, int timeout_ms) override {
    return gate_.around("end transaction", "transaction ended", [&] { return sink_.end_transaction_of(slot, timeout_ms); });
  }
  Status begin() override {
    return gate_.around("begin", "begun", [&] { return sink_.begin(); });
  }
  Status produce(const OutRecord& record) override {
    return gate_.around("produce", "produced", [&] { return sink_.produce(record); });
  }
  CommitResult send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group) override {
    return gate_.around("send offsets", "offsets sent", [&] { return sink_.send_offsets(offsets, group); });
  }
  CommitResult commit() override {
    return gate_.around("commit", "committed", [&] { return sink_.commit(); });
  }
  CommitResult abort() override {
    return gate_.around("abort", "aborted", [&] { return sink_.abort(); });
  }

 private:
  Sink& sink_;
  Gate& gate_;
};

class GatedStore final : public CheckpointStore {
 public:
  GatedStore(CheckpointStore& store, Gate& gate) : store_(store), gate_(gate) {}

  void poll() override {
    gate_.pass("poll store");
    store_.poll();
    gate_.pass("store polled");
  }
  void wait(int timeout_ms) override {
    gate_.pass("wait for store");
    store_.wait(timeout_ms);
    gate_.pass("store waited for");
  }
  bool connected() const override { return store_.connected(); }
  std::string trouble() const override { return store_.trouble(); }
  size_t pending_bytes() const override { return store_.pending_bytes(); }

  void read_manifest(const std::string& lane, Done<Result<std::optional<Manifest>>> done) override {
    gate_.pass("read manifest");
    store_.read_manifest(lane, std::move(done));
  }
  void read_page(const std::string& lane, const std::string& name, Done<Result<std::string>> done) override {
    gate_.pass("read page");
    store_.read_page(lane, name, std::move(done));
  }
  void write_page(const std::string& lane, const std::string& name, std::string bytes, Done<Status> done) override {
    gate_.pass("write page");
    store_.write_page(lane, name, std::move(bytes), std::move(done));
    gate_.pass("page queued");
  }
  void flip(const std::string& lane, Flip flip, Done<Result<FlipOutcome>> done) override {
    gate_.pass("flip");
    store_.flip(lane, std::move(flip), std::move(done));
    gate_.pass("flip queued");
  }
  void read_mark(const std::string& lane, Done<Result<std::optional<AttemptMark>>> done) override {
    store_.read_mark(lane, std::move(done));
  }
  void write_mark(const std::string& lane, std::optional<AttemptMark> mark, Done<Status> done) override {
    gate_.pass("write mark");
    store_.write_mark(lane, mark, std::move(done));
  }
  void read_skips(const std::string& lane, Done<Result<std::vector<Offset>>> done) override { store_.read_skips(lane, std::move(done)); }
  void add_skip(const std::string& lane, Offset offset, Done<Status> done) override { store_.add_skip(lane, offset, std::move(done)); }

 private:
  CheckpointStore& store_;
  Gate& gate_;
};

}  // namespace headroom::kit
