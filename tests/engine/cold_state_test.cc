#include "headroom/cold_state.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/checkpoint.h"
#include "engine/task.h"
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

struct Said {
  std::string text;
};

// Sums up in the state; what it had at every third number goes into the cold part, from where a pulse for all reads it.
struct Archiving {
  using In = Pulse;
  using Out = Said;
  struct State {
    int64_t sum = 0;
    int64_t count = 0;
    auto fields() { return std::tie(sum, count); }
  };
  struct Cold {
    std::vector<int64_t> sums;
    auto fields() { return std::tie(sums); }
  };
  static constexpr uint32_t kStateVersion = 1;
  int64_t idle_ms() const { return 1000; }
  static StateKey key(const Pulse& in) { return {in.name, {}}; }
  static bool for_all(const Pulse& in) { return in.all; }
  void step(State& state, const ColdState<Cold>& cold, const Pulse& in, Emitter<Said>&) const {
    state.sum += in.number;
    if (++state.count % 3 != 0) return;
    if (Cold* archive = cold.change()) archive->sums.push_back(state.sum);
  }
  void step_all(const StateKey& key, State& state, const ColdState<Cold>& cold, const Pulse&, Emitter<Said>& emit) const {
    const Cold* archive = cold.look();
    std::string text = std::string(key.first) + " " + std::to_string(state.sum) + ":";
    if (archive == nullptr) text += " none";
    if (archive != nullptr)
      for (const int64_t sum : archive->sums) text += " " + std::to_string(sum);
    emit({text});
  }
  void after_all(const Pulse&, Emitter<Said>&) const {}
};

Topology archiving() {
  Topology topology("archiving");
  from<Pulse>(topology, "pulses", testing::decode_with<Pulse>(decode_pulse))
      .then("archive", Archiving{})
      .to("said", [](const Said& said, const Envelope&, Encoded& out) { out.value = said.text; });
  return topology;
}

std::vector<std::string> values(const std::vector<OutRecord>& records) {
  std::vector<std::string> all;
  for (const auto& record : records) all.push_back(record.value);
  return all;
}

using Strings = std::vector<std::string>;

TEST(ColdState, is_made_when_it_is_first_changed_and_read_until_then_as_none) {
  testing::TopologyDriver driver(archiving());
  driver.pipe("a", "100 1");
  driver.pipe("b", "100 1");
  for (int i = 0; i < 2; ++i) driver.pipe("a", "110 1");
  EXPECT_EQ(driver.key_count("archive"), 2u);
  EXPECT_EQ(driver.key_count("archive.cold"), 1u);
  driver.pipe("", "120");
  EXPECT_EQ(values(driver.take_sent()), (Strings{"a 3: 3", "b 1: none"}));
}

TEST(ColdState, is_restored_beside_its_state) {
  testing::TopologyDriver driver(archiving());
  for (int i = 0; i < 7; ++i) driver.pipe("a", "100 1");
  driver.crash_and_restore();
  for (int i = 0; i < 2; ++i) driver.pipe("a", "110 1");
  driver.pipe("", "120");
  EXPECT_EQ(values(driver.take_sent()), (Strings{"a 9: 3 6 9"}));
}

TEST(ColdState, is_forgotten_when_it_was_not_changed_for_too_long) {
  testing::TopologyDriver driver(archiving());
  for (int i = 0; i < 3; ++i) driver.pipe("a", "100 1");
  driver.pipe("a", "900 1");
  driver.pipe("", "1099");
  EXPECT_EQ(values(driver.take_sent()), (Strings{"a 4: 3"}));
  driver.pipe("", "1100");
  EXPECT_EQ(values(driver.take_sent()), (Strings{"a 4: none"}));
}

TEST(ColdState, is_in_a_checkpoint_only_when_it_was_changed) {
  const auto task = archiving().make_task({"test", "archiving", 0, 1});
  Outbox out;
  Offset offset = 0;
  const auto feed = [&](std::string_view key, std::string_view value) {
    const Record record{offset++, -1, key, value};
    task->process({0, {&record, 1}, offset}, out);
  };
  const auto pages_of = [&](std::string_view store) {
    size_t pages = 0;
    for (StateStore* at : task->stores()) {
      at->begin_snapshot(false);
      while (const auto page = at->next_page(SIZE_MAX)) pages += at->name() == store ? 1 : 0;
      at->end_snapshot(true);
    }
    return pages;
  };
  for (int i = 0; i < 3; ++i) feed("a", "100 1");
  EXPECT_EQ(pages_of("archive.cold"), 1u);
  feed("a", "100 1");
  feed("", "120");
  EXPECT_EQ(pages_of("archive.cold"), 0u) << "it was only read";
  for (int i = 0; i < 2; ++i) feed("a", "130 1");
  EXPECT_EQ(pages_of("archive"), 1u);
  for (int i = 0; i < 3; ++i) feed("a", "130 1");
  EXPECT_EQ(pages_of("archive.cold"), 1u);
}

TEST(ColdState, gives_the_same_under_every_cut) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<testing::Input> inputs;
    int64_t time = 1000;
    for (int i = 0; i < 400; ++i) {
      time += static_cast<int64_t>(random() % 60);
      const bool all = random() % 9 == 0;
      const std::string name = "n" + std::to_string(random() % 50);
      inputs.push_back({all ? "" : name, std::to_string(time) + (all ? "" : " " + std::to_string(random() % 100)), time});
    }
    EXPECT_EQ(testing::same_under_every_cut(archiving(), inputs), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace headroom
