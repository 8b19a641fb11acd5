#pragma once

#include <boost/context/fiber.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "headroom/topology.h"
#include "kit/fake_store.h"
#include "kit/gated_ports.h"
#include "kit/model_broker.h"
#include "worker/worker.h"

namespace headroom::simulator {

// A worker as a process is: it runs for as many steps as it is given, keeps its place in between, and is gone without a trace of it when
// destroyed, wherever it was.
class SimulatedWorker final : private kit::Gate {
 public:
  SimulatedWorker(const Topology& topology, const WorkerOptions& options, kit::ModelBroker& broker, kit::ModelClock& clock,
                  kit::FakeRedis& redis, WorkerProbe& probe)
      : source_(broker, clock, options.slot),
        sink_(broker, clock, options.slot),
        store_(redis, [&clock](int64_t us) { clock.advance_us(us); }),
        gated_source_(source_, *this),
        gated_sink_(sink_, *this),
        gated_store_(store_, *this),
        worker_(topology, options, gated_source_, gated_sink_, gated_store_, clock, probe),
        fiber_(std::allocator_arg, stacks(), [this](boost::context::fiber&& outside) { return live(std::move(outside)); }) {}
  ~SimulatedWorker() override {
    // Unwinds its stack first: nothing of it calls the outside on the way.
    fiber_ = {};
  }

  // Lets it make `steps` calls to the outside, or come to stand at `until`, or end.
  void go(uint64_t steps, std::string_view until = {}) {
    until_ = until;
    steps_left_ = steps;
    if (fiber_) fiber_ = std::move(fiber_).resume();
  }
  bool ended() const { return !fiber_; }
  const Status& end() const { return end_; }
  // The step before which it stands.
  const char* at() const { return at_; }
  void ask_to_stop(bool keep_slot) { worker_.request_stop(keep_slot); }
  const Worker& worker() const { return worker_; }
  kit::FakeStore& store() { return store_; }

 private:
  // Stacks are used again: mapping one anew costs more than a schedule runs on it.
  static boost::context::pooled_fixedsize_stack& stacks() {
    static thread_local boost::context::pooled_fixedsize_stack stacks(kStackBytes);
    return stacks;
  }
  boost::context::fiber live(boost::context::fiber&& outside) {
    outside_ = std::move(outside);
    end_ = worker_.run();
    return std::move(outside_);
  }
  void pass(const char* step) override {
    at_ = step;
    if (steps_left_ == 0 || (!until_.empty() && until_ == step)) outside_ = std::move(outside_).resume();
    if (steps_left_ > 0) --steps_left_;
  }

  static constexpr size_t kStackBytes = 128 << 10;

  kit::ModelSource source_;
  kit::ModelSink sink_;
  kit::FakeStore store_;
  kit::GatedSource gated_source_;
  kit::GatedSink gated_sink_;
  kit::GatedStore gated_store_;
  Worker worker_;
  Status end_;
  uint64_t steps_left_ = 0;
  std::string_view until_;
  const char* at_ = "start";
  boost::context::fiber outside_;
  boost::context::fiber fiber_;
};

}  // namespace headroom::simulator
