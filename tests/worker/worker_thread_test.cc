#include "worker/worker_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "kit/counting_topology.h"
#include "kit/fake_store.h"
#include "kit/model_broker.h"

namespace headroom::kit {
namespace {

// A worker whose slot is taken from it as soon as it starts, so many times.
class Fenced : public ::testing::Test {
 protected:
  class TakenSink final : public ModelSink {
   public:
    TakenSink(Fenced& test) : ModelSink(test.broker_, test.clock_, "a"), test_(test) {}
    Status open(int timeout_ms) override {
      if (test_.times_ > 0) return --test_.times_, Status(Code::kFenced, "somebody has it");
      test_.opened_.set_value();
      return ModelSink::open(timeout_ms);
    }

   private:
    Fenced& test_;
  };

  WorkerThread::MakePorts ports() {
    return [this]() -> Result<WorkerPorts> {
      WorkerPorts made;
      made.source = std::make_unique<ModelSource>(broker_, clock_, "a");
      made.sink = std::make_unique<TakenSink>(*this);
      made.store = std::make_unique<FakeStore>(redis_);
      return made;
    };
  }
  static WorkerOptions options() {
    WorkerOptions made;
    made.installation = "test";
    made.topology = "counting";
    made.slot = "a";
    made.run_id = "run";
    return made;
  }

  ModelBroker broker_{1};
  ModelClock clock_;
  FakeRedis redis_;
  WorkerProbe probe_;
  const Topology topology_ = counting_topology();
  std::atomic<int> times_{0};
  std::promise<void> opened_;
};

TEST_F(Fenced, once_it_starts_anew_for_an_outage_looks_the_same) {
  times_ = 1;
  WorkerThread thread(topology_, options(), ports(), probe_);
  thread.start();
  opened_.get_future().wait();
  thread.request_stop(false);
  EXPECT_TRUE(thread.join());
}

TEST_F(Fenced, twice_running_says_that_the_slot_is_in_use) {
  times_ = 2;
  WorkerThread thread(topology_, options(), ports(), probe_);
  thread.start();
  const Status ended = thread.join();
  EXPECT_EQ(ended.code(), Code::kFenced);
  EXPECT_NE(ended.message().find("slot a is in use"), std::string::npos) << ended.message();
}

}  // namespace
}  // namespace headroom::kit
