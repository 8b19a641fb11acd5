#include "headroom/testing/every_cut.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/task.h"

namespace headroom::testing {
namespace {

// Every fifth offset is a hole, as transaction markers leave them.
Offset offset_of(size_t i) {
  return static_cast<Offset>(i + i / 4);
}

// What a run left behind.
struct Outcome {
  std::vector<OutRecord> records;
  Checkpoint end;
};

struct Run {
  const Topology& topology;
  std::vector<Record> records;

  std::unique_ptr<Task> make() const { return topology.make_task({"test", topology.name(), 0, 1}); }
  // Records [from, to) in batches of at most `cut`.
  void feed(Task& task, size_t from, size_t to, size_t cut, Outbox& out) const {
    for (size_t at = from; at < to; at += cut) {
      const size_t end = std::min(to, at + cut);
      task.process({0, std::span(records).subspan(at, end - at), records[end - 1].offset + 1}, out);
    }
  }
  Outcome finish(Task& task, Outbox& out) const {
    Outcome outcome;
    outcome.records = std::move(out.records);
    take_checkpoint(task, true, outcome.end);
    return outcome;
  }
};

std::string show(const OutRecord& record) {
  return record.topic + " #" + std::to_string(record.sequence) + " @" + std::to_string(record.input_offset) + " key '" + record.key +
         "' value '" + record.value.substr(0, 300) + "'";
}

std::string difference(const std::vector<OutRecord>& wanted, const std::vector<OutRecord>& got) {
  const size_t both = std::min(wanted.size(), got.size());
  for (size_t i = 0; i < both; ++i) {
    if (wanted[i] == got[i]) continue;
    return "output " + std::to_string(i) + " is " + show(got[i]) + ", whole it is " + show(wanted[i]);
  }
  if (wanted.size() == got.size()) return {};
  return "it has " + std::to_string(got.size()) + " outputs, whole they are " + std::to_string(wanted.size()) + "; the next would be " +
         show(wanted.size() > got.size() ? wanted[both] : got[both]);
}

std::string difference(const Checkpoint& wanted, const Checkpoint& got) {
  if (wanted.core != got.core) return "its core (progress, sequences, hashes, layout) is another";
  if (wanted.pages.size() != got.pages.size()) return "it leaves another number of pages";
  for (const auto& [id, bytes] : wanted.pages) {
    const auto at = got.pages.find(id);
    if (at == got.pages.end() || at->second != bytes)
      return "page " + std::to_string(id.page) + " of store " + std::to_string(id.store) + " has other bytes";
  }
  return {};
}

std::string difference(const std::string& how, const Outcome& wanted, const Outcome& got) {
  std::string what = difference(wanted.records, got.records);
  if (what.empty()) what = difference(wanted.end, got.end);
  return what.empty() ? what : how + ": " + what;
}

Outcome cut_into(const Run& run, size_t cut) {
  const auto task = run.make();
  Outbox out;
  run.feed(*task, 0, run.records.size(), cut, out);
  return run.finish(*task, out);
}

// A task from the checkpoint, brought up to record `to`: what it gives rise to on the way must be what was sent before.
std::string revive(const Run& run, const Checkpoint& checkpoint, size_t from, size_t to, const std::vector<OutRecord>& sent,
                   size_t sent_before, std::unique_ptr<Task>& task) {
  task = run.make();
  if (!checkpoint.core.empty()) {
    if (auto status = restore_checkpoint(checkpoint, *task); !status.is_ok()) return "the checkpoint does not load: " + status.to_string();
  }
  Outbox again;
  run.feed(*task, from, to, 2, again);
  const auto begin = sent.begin() + static_cast<ptrdiff_t>(sent_before);
  if (!std::equal(begin, sent.end(), again.records.begin(), again.records.end())) return "the replay gives other outputs than were sent";
  return {};
}

// After every record the task is lost and comes back from a checkpoint that is up to three records old.
std::string crash_after_every_record(const Run& run, const Outcome& wanted) {
  auto task = run.make();
  Outbox out;
  Checkpoint checkpoint;
  size_t checkpoint_at = 0;
  size_t sent_before = 0;
  for (size_t i = 0; i < run.records.size(); ++i) {
    run.feed(*task, i, i + 1, 1, out);
    if (i % 4 == 3) {
      take_checkpoint(*task, false, checkpoint);
      checkpoint_at = i + 1;
      sent_before = out.records.size();
    }
    const auto what = revive(run, checkpoint, checkpoint_at, i + 1, out.records, sent_before, task);
    if (!what.empty()) return "a crash after record " + std::to_string(i) + ": " + what;
  }
  return difference("a crash after every record", wanted, run.finish(*task, out));
}

// One snapshot of a task, taken a little at a time.
class SlowSnapshot {
 public:
  SlowSnapshot(Task& task, const Checkpoint& base, size_t record, size_t sent)
      : task_(task), checkpoint_(base), record_(record), sent_(sent) {
    checkpoint_.core = task.save_core();
    for (StateStore* store : task.stores()) store->begin_snapshot(false);
  }
  // True when it is complete.
  bool step(size_t budget_bytes) {
    const auto stores = task_.stores();
    while (store_ < stores.size() && stores[store_]->snapshot_finished()) ++store_;
    if (store_ == stores.size()) return true;
    if (auto image = stores[store_]->next_page(budget_bytes)) checkpoint_.put({store_, image->page}, std::move(image->bytes));
    return false;
  }
  void end(bool confirmed) {
    for (StateStore* store : task_.stores()) store->end_snapshot(confirmed);
  }
  const Checkpoint& checkpoint() const { return checkpoint_; }
  size_t record() const { return record_; }
  size_t sent() const { return sent_; }

 private:
  Task& task_;
  Checkpoint checkpoint_;
  size_t record_;
  size_t sent_;
  uint32_t store_ = 0;
};

// Snapshots run all the time, beside the records; each that becomes complete is restored, caught up, and takes the task's place. Every
// third is given up once at its end, as if its flip had been refused.
std::string snapshots_beside(const Run& run, const Outcome& wanted) {
  auto task = run.make();
  Outbox out;
  Checkpoint safe;
  std::unique_ptr<SlowSnapshot> snapshot;
  size_t finished = 0;
  for (size_t i = 0; i < run.records.size(); ++i) {
    if (!snapshot) snapshot = std::make_unique<SlowSnapshot>(*task, safe, i, out.records.size());
    bool complete = snapshot->step(48);
    run.feed(*task, i, i + 1, 1, out);
    complete = complete || (i % 64 == 63 && [&] {
                 while (!snapshot->step(4096)) continue;
                 return true;
               }());
    if (!complete) continue;
    const bool confirmed = ++finished % 3 != 0;
    snapshot->end(confirmed);
    if (confirmed) {
      safe = snapshot->checkpoint();
      const auto what = revive(run, safe, snapshot->record(), i + 1, out.records, snapshot->sent(), task);
      if (!what.empty()) return "a snapshot begun before record " + std::to_string(snapshot->record()) + ": " + what;
    }
    snapshot.reset();
  }
  if (snapshot) snapshot->end(false);
  return difference("snapshots beside the records", wanted, run.finish(*task, out));
}

}  // namespace

std::string same_under_every_cut(const Topology& topology, std::span<const Input> inputs) {
  Run run{topology, {}};
  for (size_t i = 0; i < inputs.size(); ++i) run.records.push_back({offset_of(i), inputs[i].timestamp_ms, inputs[i].key, inputs[i].value});
  const Outcome wanted = cut_into(run, std::max<size_t>(inputs.size(), 1));
  for (const size_t cut : {size_t{1}, size_t{7}, size_t{64}}) {
    const auto what = difference("batches of " + std::to_string(cut), wanted, cut_into(run, cut));
    if (!what.empty()) return what;
  }
  auto what = crash_after_every_record(run, wanted);
  return what.empty() ? snapshots_beside(run, wanted) : what;
}

}  // namespace headroom::testing
