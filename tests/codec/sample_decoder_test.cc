#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "codec/decoding.h"

namespace headroom {
namespace {

using testing::BothWays;
using testing::kTimestampMs;

constexpr std::string_view kExample =
    R"({"target":"prod-eu1/checkout/Deployment/api","metric":"cpu_used_cores","time_ms":1732262400000,"value":1.25,)"
    R"("labels":{"container":"app","instance":"api-7c9f-x2x","host":"ip-10-0-0-7","env":"production","instance_type":"c5.xlarge","zone":"us-east-1a"}})";

std::string with(std::string_view metric, std::string_view value, std::string_view time = "1732262400000") {
  return std::string(R"({"target":"t","metric":")")
      .append(metric)
      .append(R"(","time_ms":)")
      .append(time)
      .append(R"(,"value":)")
      .append(value)
      .append("}");
}

void expect_example(const Sample& sample) {
  EXPECT_EQ(sample.target, "prod-eu1/checkout/Deployment/api");
  EXPECT_EQ(sample.metric_name, "cpu_used_cores");
  EXPECT_EQ(sample.metric, Metric::kCpuUsedCores);
  EXPECT_EQ(sample.time_ms, 1732262400000);
  EXPECT_EQ(sample.value, 1.25);
  EXPECT_EQ(sample.container, "app");
  EXPECT_EQ(sample.instance, "api-7c9f-x2x");
  EXPECT_EQ(sample.host, "ip-10-0-0-7");
  EXPECT_EQ(sample.environment, "production");
  EXPECT_EQ(sample.instance_type, "c5.xlarge");
  EXPECT_EQ(sample.zone, "us-east-1a");
}

TEST(SampleDecoder, reads_every_member_and_label) {
  BothWays both;
  const auto& out = both.decode(kExample);
  ASSERT_EQ(out.values.size(), 1u);
  EXPECT_EQ(out.values[0].record, 3u);
  expect_example(out.values[0].value);
  EXPECT_TRUE(out.rejects.empty());
  EXPECT_TRUE(out.reasons.empty());
}

TEST(SampleDecoder, reads_members_in_any_order_with_blanks_and_escapes) {
  BothWays both;
  for (
      const std::string_view json :
      {R"({"labels":{"zone":"us-east-1a","instance_type":"c5.xlarge","environment":"production","host":"ip-10-0-0-7","instance":"api-7c9f-x2x","container":"app"},"value":1.25,"time_ms":1732262400000,"metric":"cpu_used_cores","target":"prod-eu1/checkout/Deployment/api"})",
       R"( { "target" : "prod-eu1\/checkout/Deploymen\u0074/api" , "metric":"cpu_used_cores","time_ms":1732262400000,"value":125e-2,
             "labels":{"container":"app","instance":"api-7c9f-x2x","host":"ip-10-0-0-7","env":"production","instance_type":"c5.xlarge","zone":"us-east-1a"} } )"}) {
    const auto& out = both.decode(json);
    ASSERT_EQ(out.values.size(), 1u) << json;
    expect_example(out.values[0].value);
  }
}

TEST(SampleDecoder, ignores_unknown_members_and_labels_of_any_type) {
  BothWays both;
  for (const std::string_view extra : {R"("note":"x")", R"("note":1e999)", R"("note":NaN)", R"("note":123456789012345678901234567890)",
                                       R"("note":{"a":[1,{"b":null}]})", R"("tick_ms":5)", R"("labels":{"team":7,"tier":{"a":1},"x":"y"})",
                                       R"("labels":{})", R"("note":"a\nb\u0000")", R"("Target":"other")"}) {
    const auto& out =
        both.decode(std::string(R"({"target":"t","metric":"m","time_ms":1732262400000,"value":1,)").append(extra).append("}"));
    ASSERT_EQ(out.values.size(), 1u) << extra;
    EXPECT_EQ(out.values[0].value.target, "t");
    EXPECT_EQ(out.values[0].value.container, "");
    EXPECT_TRUE(out.rejects.empty());
  }
}

TEST(SampleDecoder, lets_the_last_of_doubled_members_count) {
  BothWays both;
  const auto& out = both.decode(R"({"target":1,"metric":"m","time_ms":1732262400000,"value":NaN,"value":2,"target":"t",)"
                                R"("labels":{"container":"a","env":"x"},"labels":{"host":"h","env":"x","environment":"y","host":"i"}})");
  ASSERT_EQ(out.values.size(), 1u);
  EXPECT_EQ(out.values[0].value.target, "t");
  EXPECT_EQ(out.values[0].value.value, 2);
  EXPECT_EQ(out.values[0].value.container, "");
  EXPECT_EQ(out.values[0].value.host, "i");
  EXPECT_EQ(out.values[0].value.environment, "y");
}

TEST(SampleDecoder, keeps_strings_of_any_language) {
  BothWays both;
  const auto& out = both.decode("{\"target\":\"größe/\\u00e4/\\ud83d\\ude00\",\"metric\":\"m\",\"time_ms\":1732262400000,\"value\":1}");
  ASSERT_EQ(out.values.size(), 1u);
  EXPECT_EQ(out.values[0].value.target, "größe/ä/😀");
}

TEST(SampleDecoder, knows_each_metric_by_its_name) {
  BothWays both;
  for (int i = 0; i < static_cast<int>(Metric::kOther); ++i) {
    const auto metric = static_cast<Metric>(i);
    const auto& out = both.decode(with(metric_name(metric), "1"));
    ASSERT_EQ(out.values.size(), 1u) << metric_name(metric);
    EXPECT_EQ(out.values[0].value.metric, metric);
    EXPECT_EQ(metric_named(metric_name(metric)), metric);
  }
  EXPECT_EQ(both.decode(with("replicaz", "1")).values[0].value.metric, Metric::kOther);
  EXPECT_EQ(metric_name(Metric::kOther), "");
}

TEST(SampleDecoder, takes_values_up_to_the_limits_of_their_metric) {
  BothWays both;
  EXPECT_EQ(both.decode(with("cpu_used_cores", "1000000000")).values.size(), 1u);
  EXPECT_EQ(both.decode(with("cpu_reserved_cores", "-0.0")).values.size(), 1u);
  EXPECT_EQ(both.decode(with("memory_used_bytes", "9000000000000000")).values.size(), 1u);
  EXPECT_EQ(both.decode(with("requests", "-1e300")).values.size(), 1u);
  EXPECT_EQ(both.decode(with("requests", "1e300")).values.size(), 1u);
}

TEST(SampleDecoder, reads_numbers_beyond_64_bits_and_below_the_smallest_double) {
  BothWays both;
  EXPECT_EQ(both.decode(with("m", "123456789012345678901234567890")).values[0].value.value, 123456789012345678901234567890.0);
  EXPECT_EQ(both.decode(with("m", "-99999999999999999999")).values[0].value.value, -1e20);
  EXPECT_EQ(both.decode(with("m", "1e-999")).values[0].value.value, 0.0);
  EXPECT_EQ(both.decode(with("m", "5e-324")).values[0].value.value, 5e-324);
  // One number that simdjson cannot hold leaves the others of its record as they are.
  const auto& out = both.decode("[" + with("m", "1e-999") + "," + with("m", "1e999") + "," + with("m", "-7") + "]");
  ASSERT_EQ(out.values.size(), 2u);
  EXPECT_EQ(out.values[1].value.value, -7);
  EXPECT_EQ(out.rejects[0].indexes, "1");
}

TEST(SampleDecoder, turns_negative_zero_into_zero) {
  BothWays both;
  for (const std::string_view zero : {"-0", "-0.0", "-0e5", "-1e-999"}) {
    const auto& out = both.decode(with("m", zero));
    ASSERT_EQ(out.values.size(), 1u) << zero;
    EXPECT_EQ(std::bit_cast<uint64_t>(out.values[0].value.value), 0u) << zero;
  }
}

TEST(SampleDecoder, holds_times_against_2000_and_the_records_own_timestamp) {
  BothWays both;
  EXPECT_EQ(both.decode(with("m", "1", "946684800000")).values.size(), 1u);
  EXPECT_EQ(both.decode(with("m", "1", "1732263000000"), kTimestampMs).values.size(), 1u);
  EXPECT_EQ(both.decode(with("m", "1", "1732263000001"), kTimestampMs).rejects.size(), 1u);
  EXPECT_EQ(both.decode(with("m", "1", "1732263000001"), -1).values.size(), 1u);
  EXPECT_EQ(both.decode(with("m", "1", "253370764799999"), -1).values.size(), 1u);
  EXPECT_EQ(both.decode(with("m", "1", "253370764800000"), -1).rejects[0].reason, reject_reason::kTimeAhead);
  EXPECT_EQ(both.decode(with("m", "1", "253370764799999"), INT64_MAX).values.size(), 1u);
  BothWays wide({.max_ahead_ms = INT64_MAX});
  EXPECT_EQ(wide.decode(with("m", "1", "253370764799999"), kTimestampMs).values.size(), 1u);
}

TEST(SampleDecoder, obeys_its_limits_to_the_byte_and_element) {
  BothWays both({.max_string_bytes = 5, .max_array = 2});
  EXPECT_EQ(both.decode(with("fives", "1")).values.size(), 1u);
  EXPECT_EQ(both.decode(with("sixsix", "1")).rejects[0].reason, reject_reason::kStringTooLong);
  const std::string sample = with("m", "1");
  EXPECT_EQ(both.decode("[" + sample + "," + sample + "]").values.size(), 2u);
  const auto& out = both.decode("[" + sample + "," + sample + "," + sample + "]");
  EXPECT_TRUE(out.values.empty());
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].reason, reject_reason::kArrayTooLong);
  EXPECT_EQ(out.rejects[0].count, 1u);
}

TEST(SampleDecoder, gives_nothing_and_no_reject_for_an_empty_array) {
  BothWays both;
  for (const std::string_view json : {"[]", " [ ] \n"}) {
    const auto& out = both.decode(json);
    EXPECT_TRUE(out.values.empty());
    EXPECT_TRUE(out.rejects.empty());
  }
}

TEST(SampleDecoder, tells_which_elements_were_bad_and_counts_each_reason) {
  BothWays both;
  const std::string good = with("m", "1");
  const auto& out = both.decode("[" + with("m", "NaN") + "," + good + ",{}," + good + "," + with("m", "NaN") + "]");
  EXPECT_EQ(out.values.size(), 2u);
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].reason, reject_reason::kNotFinite);
  EXPECT_EQ(out.rejects[0].count, 3u);
  EXPECT_EQ(out.rejects[0].indexes, "0,2,4");
  const std::vector<std::pair<std::string_view, uint64_t>> reasons = {{reject_reason::kNotFinite, 2}, {reject_reason::kMissingTarget, 1}};
  EXPECT_EQ(out.reasons, reasons);
}

TEST(SampleDecoder, cuts_the_list_of_bad_elements_at_a_kibibyte) {
  BothWays both;
  std::string json = "[{}";
  for (int i = 1; i < 1000; ++i) json += ",{}";
  const auto& out = both.decode(json + "]");
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].count, 1000u);
  EXPECT_LE(out.rejects[0].indexes.size(), 1024u);
  EXPECT_TRUE(out.rejects[0].indexes.starts_with("0,1,2,3,"));
  EXPECT_TRUE(out.rejects[0].indexes.ends_with(",..."));
}

TEST(SampleDecoder, reads_ticks_at_their_place_among_samples) {
  BothWays both;
  const auto& alone = both.decode(R"({"tick_ms":1732262400000,"source":"lag","interval_ms":10000})");
  EXPECT_TRUE(alone.values.empty());
  ASSERT_EQ(alone.ticks.size(), 1u);
  EXPECT_EQ(alone.ticks[0].time_ms, 1732262400000);
  EXPECT_EQ(alone.ticks[0].record, 3u);
  EXPECT_EQ(alone.ticks[0].before_value, 0u);
  const auto& among = both.decode("[" + with("m", "1") + R"(,{"tick_ms":1732262400001},)" + with("m", "2") + "]");
  ASSERT_EQ(among.ticks.size(), 1u);
  EXPECT_EQ(among.ticks[0].before_value, 1u);
  EXPECT_EQ(among.values.size(), 2u);
}

TEST(SampleDecoder, keeps_views_until_the_next_batch_begins) {
  const auto decoder = make_sample_decoder();
  Decoded<Sample> out;
  std::vector<std::string> records;
  for (int i = 0; i < 5000; ++i)
    records.push_back("{ \"target\":\"target number " + std::to_string(i) + R"(","metric":"m","time_ms":1732262400000,"value":1})");
  for (int round = 0; round < 3; ++round) {
    decoder->begin_batch();
    out.clear();
    for (uint32_t i = 0; i < records.size(); ++i) {
      // The record's bytes may go at once: this form is copied.
      const std::string passing = records[i];
      decoder->decode({i, kTimestampMs, {}, passing}, i, out);
    }
    ASSERT_EQ(out.values.size(), records.size());
    for (uint32_t i = 0; i < records.size(); ++i) ASSERT_EQ(out.values[i].value.target, "target number " + std::to_string(i));
  }
}

TEST(SampleDecoder, appends_to_what_the_batch_already_holds) {
  const auto decoder = make_sample_decoder();
  Decoded<Sample> out;
  decoder->begin_batch();
  const std::string good = with("m", "1");
  const std::string bad = "[" + good + "," + good + ",";
  decoder->decode({0, kTimestampMs, {}, good}, 0, out);
  decoder->decode({1, kTimestampMs, {}, bad}, 1, out);
  decoder->decode({2, kTimestampMs, {}, good}, 2, out);
  ASSERT_EQ(out.values.size(), 2u);
  EXPECT_EQ(out.values[1].record, 2u);
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].record, 1u);
}

// Every length of each string puts the record's end at another place of the last block.
TEST(SampleDecoder, reads_no_byte_beyond_a_record_of_any_length) {
  BothWays both;
  for (size_t length = 1; length < 80; ++length) {
    const std::string name(length, 'x');
    EXPECT_EQ(both.decode(with(name, "1.5")).values.size(), 1u);
    EXPECT_EQ(both.decode(R"({"time_ms":1732262400000,"value":0.5,"metric":"m","target":")" + name + "\"}").values.size(), 1u);
    EXPECT_EQ(both.decode(R"({"value":0.5,"metric":"m","target":")" + name + R"(","time_ms":1732262400000})").values.size(), 1u);
    const std::string record(kExample);
    EXPECT_EQ(both.decode(record.substr(0, record.size() - length)).rejects.size(), 1u);
  }
}

}  // namespace
}  // namespace headroom
