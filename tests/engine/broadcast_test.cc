#include <gtest/gtest.h>

#include <random>

#include "headroom/testing/every_cut.h"
#include "headroom/testing/function_decoder.h"
#include "headroom/testing/topology_driver.h"
#include "headroom/topology.h"

namespace headroom {
namespace {

// "time number" of the name that is the record's key; "time" alone, for all names.
struct Pulse {
  std::string_view name;
  int64_t time_ms = 0;
  int64_t number = 0;
  bool all = false;
  bool ends_chunk() const { return all; }
};

void decode_pulse(const Record& record, uint32_t index, Decoded<Pulse>& out) {
  const std::string text(record.value);
  char* rest = nullptr;
  const int64_t time = std::strtoll(text.c_str(), &rest, 10);
  out.values.push_back({index, {record.key, time, std::strtoll(rest, nullptr, 10), *rest == '\0'}});
}

struct Part {
  std::string_view name;  // of the state that it comes from: where the engine keeps its key
  int64_t time_ms = 0;
  int64_t sum = 0;
  bool end = false;
};

// Says the sum of every name at each pulse for all, then that this was the end.
struct Summing {
  using In = Pulse;
  using Out = Part;
  struct State {
    int64_t sum = 0;
    auto fields() { return std::tie(sum); }
  };
  static constexpr uint32_t kStateVersion = 1;
  int64_t idle_ms() const { return 1000; }
  static StateKey key(const Pulse& in) { return {in.name, "of"}; }
  static bool for_all(const Pulse& in) { return in.all; }
  void step(State& state, const Pulse& in, Emitter<Part>&) const { state.sum += in.number; }
  void step_all(const StateKey& key, State& state, const Pulse& in, Emitter<Part>& emit) const {
    emit({key.first, in.time_ms, state.sum, false});
    state.sum = state.sum * 3 + 1;
  }
  void after_all(const Pulse& in, Emitter<Part>& emit) const { emit({{}, in.time_ms, 0, true}); }
};

struct Whole {
  std::string text;
};

// Gathers the parts by the first letter of the name and says what it has at the end.
struct Gathering {
  using In = Part;
  using Out = Whole;
  struct State {
    std::string parts;
    auto fields() { return std::tie(parts); }
  };
  static constexpr uint32_t kStateVersion = 1;
  int64_t idle_ms() const { return 5000; }
  static StateKey key(const Part& in) { return {in.name.substr(0, 1), {}}; }
  static bool for_all(const Part& in) { return in.end; }
  void step(State& state, const Part& in, Emitter<Whole>&) const { state.parts.append(in.name).append("=" + std::to_string(in.sum) + " "); }
  void step_all(const StateKey& key, State& state, const Part& in, Emitter<Whole>& emit) const {
    emit({std::to_string(in.time_ms) + " " + std::string(key.first) + ": " + state.parts});
    state.parts.clear();
  }
  void after_all(const Part&, Emitter<Whole>&) const {}
};

Topology gathering() {
  Topology topology("gathering");
  from<Pulse>(topology, "pulses", testing::decode_with<Pulse>(decode_pulse))
      .then("summing", Summing{})
      .then("gathering", Gathering{})
      .to("wholes", [](const Whole& whole, const Envelope&, Encoded& out) { out.value = whole.text; });
  return topology;
}

std::vector<std::string> values(const std::vector<OutRecord>& records) {
  std::vector<std::string> all;
  for (const auto& record : records) all.push_back(record.value);
  return all;
}

using Strings = std::vector<std::string>;

TEST(Broadcast, reaches_every_state_and_then_says_the_end) {
  testing::TopologyDriver driver(gathering());
  driver.pipe("a1", "100 1");
  driver.pipe("b", "100 2");
  driver.pipe("a2", "100 3");
  EXPECT_TRUE(driver.sent().empty());
  driver.pipe("", "200");
  EXPECT_EQ(values(driver.take_sent()), (Strings{"200 a: a1=1 a2=3 ", "200 b: b=2 "}));
  driver.pipe("", "300");
  EXPECT_EQ(values(driver.take_sent()), (Strings{"300 a: a1=4 a2=10 ", "300 b: b=7 "}));
}

TEST(Broadcast, makes_no_state_of_its_own) {
  testing::TopologyDriver driver(gathering());
  driver.pipe("", "200");
  EXPECT_EQ(driver.key_count("summing"), 0u);
  EXPECT_TRUE(driver.sent().empty());
}

TEST(Broadcast, goes_on_in_the_same_order_after_a_restore) {
  testing::TopologyDriver driver(gathering());
  for (const char* name : {"z", "a", "m", "z2", "b"}) driver.pipe(name, "100 1");
  driver.crash_and_restore();
  driver.pipe("", "200");
  EXPECT_EQ(values(driver.take_sent()), (Strings{"200 z: z=1 z2=1 ", "200 a: a=1 ", "200 m: m=1 ", "200 b: b=1 "}));
}

TEST(Broadcast, forgets_a_state_that_only_broadcasts_have_reached_for_too_long) {
  testing::TopologyDriver driver(gathering());
  driver.pipe("old", "100 1");
  driver.pipe("new", "600 1");
  driver.pipe("", "1099");
  EXPECT_EQ(values(driver.take_sent()), (Strings{"1099 o: old=1 ", "1099 n: new=1 "}));
  driver.pipe("", "1100");
  EXPECT_EQ(driver.key_count("summing"), 1u);
  EXPECT_EQ(values(driver.take_sent()), (Strings{"1100 o: ", "1100 n: new=4 "}));
}

TEST(Broadcast, gives_the_same_under_every_cut) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<testing::Input> inputs;
    int64_t time = 1000;
    for (int i = 0; i < 500; ++i) {
      time += static_cast<int64_t>(random() % 60);
      const bool all = random() % 5 == 0;
      std::string name = "n" + std::to_string(random() % 60) + (random() % 9 == 0 ? std::string(80, 'x') : "");
      name[0] = static_cast<char>('a' + random() % 4);
      inputs.push_back({all ? "" : name, std::to_string(time) + (all ? "" : " " + std::to_string(random() % 100)), time});
    }
    EXPECT_EQ(testing::same_under_every_cut(gathering(), inputs), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace headroom
