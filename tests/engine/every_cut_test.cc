#include "headroom/testing/every_cut.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/engine/fixtures.h"

namespace headroom::testing {
namespace {

using fixtures::totals;

std::vector<Input> random_inputs(uint64_t seed, size_t count, size_t names) {
  std::mt19937_64 random(seed);
  std::vector<Input> inputs;
  int64_t time = 1000;
  for (size_t i = 0; i < count; ++i) {
    time += static_cast<int64_t>(random() % 40);
    if (random() % 50 == 0) time += 1500;
    std::string name = "name-" + std::to_string(random() % names);
    if (random() % 8 == 0) name += std::string(70, 'x');
    std::string value;
    const size_t values = random() % 6 == 0 ? random() % 5 + 1 : 1;
    for (size_t v = 0; v < values; ++v) {
      if (v > 0) value += ';';
      const auto kind = random() % 20;
      if (kind == 0)
        value += "bad";
      else if (kind == 1)
        value.append("!").append(std::to_string(time + static_cast<int64_t>(random() % 500)));
      else
        value += std::to_string(time - static_cast<int64_t>(random() % 200)) + " " + std::to_string(random() % 1000);
    }
    inputs.push_back({std::move(name), std::move(value), time});
  }
  return inputs;
}

TEST(EveryCut, gives_the_same_with_expiry_ticks_bad_values_and_arrays) {
  for (uint64_t seed = 1; seed <= 12; ++seed)
    EXPECT_EQ(same_under_every_cut(totals(), random_inputs(seed, 600, 90)), "") << "seed " << seed;
}

TEST(EveryCut, gives_the_same_when_keys_are_too_many_and_rejects_are_sampled) {
  TopologyOptions options;
  options.max_keys = 40;
  options.rejects_a_block = 5;
  for (uint64_t seed = 1; seed <= 6; ++seed)
    EXPECT_EQ(same_under_every_cut(totals(options), random_inputs(seed, 600, 90)), "") << "seed " << seed;
}

TEST(EveryCut, gives_the_same_when_both_operators_refuse_values_of_one_record) {
  TopologyOptions options;
  options.max_keys = 0;
  EXPECT_EQ(same_under_every_cut(totals(options), random_inputs(3, 300, 9)), "");
}

TEST(EveryCut, holds_for_no_records_and_for_one) {
  EXPECT_EQ(same_under_every_cut(totals(), {}), "");
  EXPECT_EQ(same_under_every_cut(totals(), random_inputs(1, 1, 1)), "");
}

// An operator that breaks the rules: it keeps something outside its State.
struct Leaky {
  using In = fixtures::Reading;
  using Out = fixtures::Total;
  struct State {
    int64_t seen = 0;
    auto fields() { return std::tie(seen); }
  };
  std::shared_ptr<int64_t> outside = std::make_shared<int64_t>(0);
  static constexpr uint32_t kStateVersion = 1;
  static StateKey key(const In& in) { return {in.name, {}}; }
  int64_t idle_ms() const { return 1000; }
  std::optional<Out> step(State&, const In& in) const { return Out{std::string(in.name), in.time_ms, ++*outside, 0}; }
};

TEST(EveryCut, finds_an_operator_that_remembers_outside_its_state) {
  Topology topology("leaky");
  from<fixtures::Reading>(topology, "readings", decode_with<fixtures::Reading>(fixtures::decode_reading))
      .then("leaky", Leaky{})
      .to("out", fixtures::encode_total);
  EXPECT_NE(same_under_every_cut(topology, random_inputs(1, 20, 3)), "");
}

// A State whose own form forgets a part of it.
struct Forgetful {
  using In = fixtures::Reading;
  using Out = fixtures::Total;
  struct State {
    int64_t kept = 0;
    int64_t forgotten = 0;
    void save(ByteWriter& writer) const { writer.zigzag(kept); }
    bool load(ByteReader& reader) {
      kept = reader.zigzag();
      return reader.ok();
    }
  };
  static constexpr uint32_t kStateVersion = 1;
  static StateKey key(const In& in) { return {in.name, {}}; }
  int64_t idle_ms() const { return 1'000'000; }
  std::optional<Out> step(State& state, const In& in) const {
    ++state.kept;
    return Out{std::string(in.name), in.time_ms, ++state.forgotten, state.kept};
  }
};

TEST(EveryCut, finds_a_state_that_does_not_save_all_of_itself) {
  Topology topology("forgetful");
  from<fixtures::Reading>(topology, "readings", decode_with<fixtures::Reading>(fixtures::decode_reading))
      .then("forgetful", Forgetful{})
      .to("out", fixtures::encode_total);
  const auto what = same_under_every_cut(topology, random_inputs(1, 20, 2));
  EXPECT_NE(what.find("crash"), std::string::npos) << what;
}

}  // namespace
}  // namespace headroom::testing
