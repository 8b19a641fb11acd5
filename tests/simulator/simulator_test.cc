#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "base/log.h"
#include "simulator/simulation.h"

namespace headroom::simulator {
namespace {

class Simulator : public ::testing::Test {
 protected:
  void SetUp() override { set_log(LogLevel::kOff, LogFormat::kLogfmt); }
  void TearDown() override { set_log(LogLevel::kInfo, LogFormat::kLogfmt); }

  const std::vector<Topology> topologies_ = topologies();
  CrashCounts crashes_;
};

TEST_F(Simulator, finds_nothing_in_a_fixed_number_of_schedules_and_crashes_at_every_step) {
  for (uint64_t seed = 1; seed <= 8000; ++seed) {
    const Outcome outcome = Simulation(topologies_, seed, false, crashes_).run();
    ASSERT_EQ(outcome.violation, "") << "ops/simulate.sh --trace " << seed;
    ASSERT_GE(outcome.records, 500u);
    ASSERT_GE(outcome.faults, 5u);
    ASSERT_GE(outcome.commits, 20u);
  }
  for (const char* step : Simulation::steps()) EXPECT_GT(crashes_[step], 0u) << "no crash fell before: " << step;
}

TEST_F(Simulator, gives_the_same_again_for_a_seed) {
  for (uint64_t seed = 100; seed < 120; ++seed) {
    const Outcome first = Simulation(topologies_, seed, true, crashes_).run();
    const Outcome second = Simulation(topologies_, seed, true, crashes_).run();
    EXPECT_EQ(first.trace, second.trace) << seed;
    EXPECT_FALSE(first.trace.empty());
  }
}

}  // namespace
}  // namespace headroom::simulator
