#include "headroom/testing/topology_driver.h"

#include "base/check.h"
#include "engine/checkpoint.h"
#include "engine/task.h"

namespace headroom::testing {

struct TopologyDriver::Impl {
  Topology topology;
  std::unique_ptr<Task> task;
  Offset next = 0;
  Checkpoint checkpoint;
  std::vector<OutRecord> sent;
  std::vector<OutRecord> rejected;

  Impl(Topology of, LaneIdentity identity) : topology(std::move(of)), task(topology.make_task(std::move(identity))) {}
};

TopologyDriver::TopologyDriver(Topology topology) : TopologyDriver(topology, {"test", topology.name(), 0, 1}) {}
TopologyDriver::TopologyDriver(Topology topology, LaneIdentity identity)
    : impl_(std::make_unique<Impl>(std::move(topology), std::move(identity))) {}
TopologyDriver::~TopologyDriver() = default;
TopologyDriver::TopologyDriver(TopologyDriver&&) noexcept = default;
TopologyDriver& TopologyDriver::operator=(TopologyDriver&&) noexcept = default;

Offset TopologyDriver::pipe(std::string_view key, std::string_view value, int64_t timestamp_ms) {
  const Record record{impl_->next++, timestamp_ms, key, value};
  Outbox out;
  impl_->task->process({impl_->task->identity().partition, {&record, 1}, impl_->next}, out);
  for (auto& one : out.records) {
    const bool good = one.topic != impl_->topology.plan->options.rejected_topic;
    (good ? impl_->sent : impl_->rejected).push_back(std::move(one));
  }
  return record.offset;
}

Offset TopologyDriver::tick(int64_t time_ms, int64_t interval_ms) {
  return pipe({}, "{\"tick_ms\":" + std::to_string(time_ms) + ",\"source\":\"test\",\"interval_ms\":" + std::to_string(interval_ms) + "}");
}

void TopologyDriver::skip_positions(Offset positions) {
  impl_->next += positions;
  impl_->task->advance_to(impl_->next);
}

const std::vector<OutRecord>& TopologyDriver::sent() const {
  return impl_->sent;
}
const std::vector<OutRecord>& TopologyDriver::rejected() const {
  return impl_->rejected;
}
std::vector<OutRecord> TopologyDriver::take_sent() {
  return std::exchange(impl_->sent, {});
}

void TopologyDriver::crash_and_restore() {
  take_checkpoint(*impl_->task, false, impl_->checkpoint);
  impl_->task = impl_->topology.make_task(impl_->task->identity());
  HEADROOM_CHECK(restore_checkpoint(impl_->checkpoint, *impl_->task).is_ok());
}

int64_t TopologyDriver::time_ms() const {
  return impl_->task->progress().time_ms;
}

uint64_t TopologyDriver::rejected_count(std::string_view reason) const {
  for (const auto& [name, count] : impl_->task->counts().rejected)
    if (name == reason) return count;
  return 0;
}

uint64_t TopologyDriver::key_count(std::string_view operator_name) const {
  for (const StateStore* store : impl_->task->stores())
    if (store->name() == operator_name) return store->key_count();
  return 0;
}

uint64_t TopologyDriver::checkpoint_bytes() {
  take_checkpoint(*impl_->task, false, impl_->checkpoint);
  return impl_->checkpoint.bytes();
}

std::string TopologyDriver::describe() const {
  return impl_->topology.describe();
}

}  // namespace headroom::testing
