// What LagScaling keeps: commands are the same after a restore at any point, the state is bounded, and no bytes can break it.

#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "headroom/codec.h"
#include "headroom/state.h"
#include "headroom/testing/every_cut.h"
#include "headroom/testing/function_decoder.h"
#include "headroom/testing/topology_driver.h"
#include "operators/scaling_standing.h"

namespace headroom::testing {
namespace {

// "group time members lag produced consumed behind state"; negative: not known.
void decode_standing(const Record& record, uint32_t index, Decoded<LagGroupStanding>& out) {
  const std::string_view text = record.value;
  std::istringstream in{std::string(text)};
  std::string group, state;
  int64_t time_ms = 0, members = 0, lag_records = 0, produced = 0, consumed = 0, behind = 0;
  in >> group >> time_ms >> members >> lag_records >> produced >> consumed >> behind >> state;
  LagGroupStanding standing = swamped(time_ms);
  standing.interval_ms = 30 * kSecondMs;
  standing.group = text.substr(0, group.size());
  standing.group_state = text.substr(text.size() - state.size());
  standing.members.reset();
  standing.lag_records.reset();
  if (members >= 0) standing.members = static_cast<int32_t>(members);
  if (lag_records >= 0) standing.lag_records = lag_records;
  standing.produced_milli = produced;
  standing.consumed_milli = consumed;
  standing.behind = standing.assigned_behind = behind;
  standing.forgotten = state == "forgotten";
  out.values.push_back({index, standing});
}

void encode_outcome(const ScaleAssessment& assessment, const Envelope&, Encoded& out) {
  out.key = assessment.group;
  out.headers.clear();
  std::ostringstream text;
  text << scale_outcome_name(assessment.outcome) << ' ' << assessment.current << ' ' << assessment.needed << ' ' << assessment.desired
       << ' ' << assessment.rate_of_one_milli;
  out.value = text.str();
}

Topology scaling_topology() {
  Topology topology("scaling");
  auto params = scaled_group([](auto& rule) { rule.in_window_ms = 10 * kMinuteMs; });
  auto scaling =
      from<LagGroupStanding>(topology, "standings", decode_with<LagGroupStanding>(decode_standing)).then("scaling", LagScaling(params));
  scaling.to("assessments", encode_outcome);
  scaling.map("commands", scale_command_of).to("actions", encode_scale);
  return topology;
}

// Three groups whose commands are heeded, through load, quiet, rebalances, holes and one that is forgotten.
std::vector<Input> history(uint64_t seed, int64_t ticks) {
  std::mt19937_64 random(seed);
  std::vector<Input> inputs;
  std::array<int64_t, 3> members{1, 1, 2};
  for (int64_t tick = 0; tick < ticks; ++tick) {
    for (size_t g = 0; g < members.size(); ++g) {
      const bool load = (tick / 60 + static_cast<int64_t>(g)) % 2 == 0;
      if (tick % 60 == 25) members[g] = load ? 6 : 2;
      const int64_t noise = static_cast<int64_t>(random() % 200'000);
      const int64_t produced = load ? 5'000'000 + noise : 800'000 + noise;
      const int64_t lag_records = random() % 40 == 0 ? -1 : load ? 100'000 + noise : 0;
      const char* state = random() % 50 == 0 ? "PreparingRebalance" : "Stable";
      if (g == 2 && tick == ticks / 2) state = "forgotten";
      std::ostringstream text;
      text << "pay" << g << ' ' << kStartMs + tick * 30 * kSecondMs << ' ' << (random() % 60 == 0 ? -1 : members[g]) << ' ' << lag_records
           << ' ' << produced << ' ' << std::min(produced, members[g] * 1'000'000 + noise) << ' ' << (load ? 60 : 0) << ' ' << state;
      inputs.push_back({"", text.str(), kStartMs + tick * 30 * kSecondMs});
    }
  }
  return inputs;
}

TEST(LagScalingRestore, gives_the_same_under_every_cut) {
  for (uint64_t seed = 1; seed <= 3; ++seed) EXPECT_EQ(same_under_every_cut(scaling_topology(), history(seed, 200)), "") << "seed " << seed;
}

TEST(LagScalingRestore, is_tried_with_commands_both_ways_and_many_holds) {
  TopologyDriver driver(scaling_topology());
  for (const Input& input : history(1, 200)) driver.pipe(input.key, input.value, input.timestamp_ms);
  std::map<std::string, int> seen;
  for (const OutRecord& record : driver.sent()) {
    if (record.topic == "assessments") ++seen[record.value.substr(0, record.value.find(' '))];
    if (record.topic == "actions") ++seen[parse_action(record.value)->code];
  }
  for (const char* what : {"not_measured", "missing_data", "unknown_members", "rebalancing", "stabilising", "steady", "command", "unheeded",
                           "too_few_consumers", "too_many_consumers"}) {
    EXPECT_GT(seen[what], 0) << what;
  }
}

std::string bytes_of(const LagScaling::State& state) {
  std::string bytes;
  ByteWriter writer(bytes);
  save_state(state, writer);
  return bytes;
}

// A day in which everything happens that is remembered.
void live(ScaledGroup& group) {
  for (int64_t hour = 0; hour < 24; ++hour) {
    const auto members = static_cast<int32_t>(1 + hour % 5);
    group.run(40 * kMinuteMs, [=](auto& s) { s.members = members, s.lag_records = 1'000'000'000 + s.time_ms % 1'000'000; });
    group.run(20 * kMinuteMs, [=](auto& s) { s.members = members, drain(s); });
  }
}

TEST(LagScalingState, takes_at_most_1600_bytes) {
  ScaledGroup group;
  live(group);
  std::printf("state of a scaled group after a day: %zu bytes\n", bytes_of(group.state()).size());
  EXPECT_GT(bytes_of(group.state()).size(), 400u);
  EXPECT_LE(bytes_of(group.state()).size(), 1600u);
}

TEST(LagScalingState, survives_any_bytes) {
  ScaledGroup lived;
  live(lived);
  const std::string good = bytes_of(lived.state());
  std::mt19937_64 random(11);
  for (int i = 0; i < 5000; ++i) {
    std::string bad = good;
    for (uint64_t flips = 1 + random() % 4; flips > 0; --flips) bad[random() % bad.size()] = static_cast<char>(random());
    if (i % 5 == 0) bad.resize(random() % bad.size());
    ScaledGroup group;
    uint64_t dropped = 0;
    if (!load_state(group.state(), bad, dropped)) continue;
    group.silence(25 * kHourMs);
    // Bytes that make a state may make a strange one: steps must be defined for it all the same.
    group.run(3 * kMinuteMs);
    group.run(3 * kMinuteMs, [](auto& s) { s.members = 7, drain(s); });
    bytes_of(group.state());
  }
}

}  // namespace
}  // namespace headroom::testing
