#include <cmath>
#include <cstdlib>
#include <string>

#include "codec/decoding.h"
#include "codec/sample_generator.h"

namespace headroom {
namespace {

constexpr uint64_t kSeed = 20'261'122;

TEST(SampleDecoder, gives_the_same_both_ways_for_any_record_as_producers_write_it) {
  testing::SampleGenerator generate(kSeed);
  testing::BothWays both({.max_string_bytes = 40, .max_array = 4});
  size_t good = 0;
  size_t bad = 0;
  for (int i = 0; i < 120'000 && !::testing::Test::HasFailure(); ++i) {
    const auto& out = both.decode(generate.record());
    good += out.values.size();
    bad += out.rejects.size();
  }
  // Both kinds must have been met, or the generator has lost its point.
  EXPECT_GT(good, 50'000u);
  EXPECT_GT(bad, 10'000u);
}

TEST(SampleDecoder, gives_the_same_both_ways_for_mutated_records) {
  testing::SampleGenerator generate(kSeed + 1);
  testing::BothWays both({.max_string_bytes = 40, .max_array = 4});
  size_t good = 0;
  size_t bad = 0;
  for (int i = 0; i < 150'000 && !::testing::Test::HasFailure(); ++i) {
    const auto& out = both.decode(generate.mutated(generate.record()));
    good += out.values.size();
    bad += out.rejects.size();
  }
  EXPECT_GT(good, 10'000u);
  EXPECT_GT(bad, 50'000u);
}

TEST(SampleDecoder, takes_the_double_nearest_to_any_number) {
  testing::SampleGenerator generate(kSeed + 2);
  testing::BothWays both;
  size_t compared = 0;
  for (int i = 0; i < 60'000 && !::testing::Test::HasFailure(); ++i) {
    const std::string number = generate.number();
    const auto& out =
        both.decode("{\"target\":\"t\",\"metric\":\"m\",\"time_ms\":1732262400000,\"value\":" + number + ",\"note\":\"to fill a block\"}");
    const double nearest = std::strtod(number.c_str(), nullptr);
    if (out.values.empty()) continue;
    EXPECT_EQ(out.values[0].value.value, nearest) << number;
    EXPECT_FALSE(std::signbit(out.values[0].value.value) && nearest == 0) << number;
    ++compared;
  }
  EXPECT_GT(compared, 40'000u);
}

}  // namespace
}  // namespace headroom
