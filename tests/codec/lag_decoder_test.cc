#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "headroom/codec.h"
#include "headroom/lag_codec.h"

namespace headroom {
namespace {

constexpr int64_t kTimestampMs = 1'732'262'400'000;

// Decodes one record from a buffer of exactly its size, so that a sanitizer sees a read beyond it.
class LagDecoder : public ::testing::Test {
 protected:
  const Decoded<LagEvent>& decode(std::string_view json, int64_t timestamp_ms = kTimestampMs) {
    bytes_ = std::make_unique<char[]>(json.size());
    json.copy(bytes_.get(), json.size());
    out_.clear();
    decoder_->begin_batch();
    decoder_->decode({7, timestamp_ms, {}, {bytes_.get(), json.size()}}, 3, out_);
    return out_;
  }
  // The reason against a record; empty when there is none.
  std::string reason(std::string_view json) {
    const auto& out = decode(json);
    if (out.rejects.empty()) return out.values.size() == 1 ? "" : "no value and no reason";
    EXPECT_TRUE(out.values.empty() && out.ticks.empty()) << json;
    EXPECT_EQ(out.rejects[0].record, 3u);
    EXPECT_EQ(out.rejects[0].count, 1u);
    EXPECT_EQ(out.reasons.size(), 1u);
    return std::string(out.rejects[0].reason);
  }
  // A good sample with further members.
  static std::string sample(const std::string& more) {
    return R"({"cluster":"prod","group":"payments","topic":"orders","partition":3,"observed_ms":1732262400000)" + more + "}";
  }

  std::unique_ptr<Decoder<LagEvent>> decoder_ = make_lag_decoder();
  std::unique_ptr<char[]> bytes_;
  Decoded<LagEvent> out_;
};

TEST_F(LagDecoder, reads_every_member_of_a_sample) {
  const auto& out = decode(
      R"({"cluster":"prod","group":"payments","topic":"orders","partition":3,"source":"lag-0","seq":17,"observed_ms":1732262400000,)"
      R"("committed_offset":1000,"log_start_offset":10,"end_offset":1500,"last_stable_offset":1490,"consumed_time_ms":1732262100000,)"
      R"("end_time_ms":1732262399000,"unread_time_ms":1732262101000,"consumed_time_error_ms":1,"end_time_error_ms":2,)"
      R"("quality":"interpolated","topic_id":"AbC","group_state":"Stable","members":4,"assigned":true,"open_transaction_ms":5,)"
      R"("retention_ms":604800000,"retention_bytes":1073741824,"lost_records":0,"skew_ms":7,)"
      R"("labels":{"view":"site_impact","env":"production"},"what_is_new":[1,{"a":null}]})");
  ASSERT_TRUE(out.rejects.empty());
  ASSERT_EQ(out.values.size(), 1u);
  EXPECT_EQ(out.values[0].record, 3u);
  EXPECT_TRUE(out.ticks.empty());
  const LagEvent& event = out.values[0].value;
  EXPECT_EQ(event.kind, LagKind::kSample);
  EXPECT_EQ(event.time_ms, 1732262400000);
  EXPECT_FALSE(event.ends_chunk());
  const LagSample& in = event.sample;
  EXPECT_EQ(in.cluster, "prod");
  EXPECT_EQ(in.group, "payments");
  EXPECT_EQ(in.topic, "orders");
  EXPECT_EQ(in.partition, 3);
  EXPECT_EQ(in.source, "lag-0");
  EXPECT_EQ(in.seq, 17u);
  EXPECT_EQ(in.observed_ms, 1732262400000);
  EXPECT_EQ(in.committed_offset, 1000);
  EXPECT_EQ(in.log_start_offset, 10);
  EXPECT_EQ(in.end_offset, 1500);
  EXPECT_EQ(in.last_stable_offset, 1490);
  EXPECT_EQ(in.consumed_time_ms, 1732262100000);
  EXPECT_EQ(in.end_time_ms, 1732262399000);
  EXPECT_EQ(in.unread_time_ms, 1732262101000);
  EXPECT_EQ(in.consumed_time_error_ms, 1);
  EXPECT_EQ(in.end_time_error_ms, 2);
  EXPECT_EQ(in.quality, LagQuality::kInterpolated);
  EXPECT_EQ(in.topic_id, "AbC");
  EXPECT_EQ(in.group_state, "Stable");
  EXPECT_EQ(in.members, 4);
  EXPECT_EQ(in.assigned, true);
  EXPECT_EQ(in.open_transaction_ms, 5);
  EXPECT_EQ(in.retention_ms, 604800000);
  EXPECT_EQ(in.retention_bytes, 1073741824);
  EXPECT_EQ(in.lost_records, 0);
  EXPECT_EQ(in.skew_ms, 7);
  ASSERT_EQ(in.labels.size(), 2u);
  EXPECT_EQ(in.labels[0].name, "env") << "by name";
  EXPECT_EQ(in.labels[0].value, "production");
  EXPECT_EQ(in.labels[1].name, "view");
  EXPECT_EQ(in.labels[1].value, "site_impact");
  EXPECT_EQ(in.group_key, "prod\x1fpayments");
  EXPECT_EQ(in.partition_key,
            "orders\x1f"
            "3");
}

TEST_F(LagDecoder, takes_what_is_absent_or_null_for_not_known) {
  for (const std::string& json :
       {sample(""), sample(R"(,"committed_offset":null,"consumed_time_ms":null,"end_time_ms":null,"topic_id":null,"members":null,)"
                           R"("assigned":null,"labels":null,"quality":null,"group_state":null,"source":null,"seq":null)")}) {
    ASSERT_EQ(reason(json), "") << json;
    const LagSample& in = out_.values[0].value.sample;
    EXPECT_FALSE(in.committed_offset || in.end_offset || in.consumed_time_ms || in.end_time_ms || in.members || in.assigned);
    EXPECT_TRUE(in.topic_id.empty() && in.group_state.empty() && in.source.empty() && in.labels.empty());
    EXPECT_EQ(in.quality, LagQuality::kUnknown);
  }
}

TEST_F(LagDecoder, takes_a_quality_that_it_does_not_know_for_unknown) {
  EXPECT_EQ(reason(sample(R"(,"quality":"guessed")")), "");
  EXPECT_EQ(out_.values[0].value.sample.quality, LagQuality::kUnknown);
}

TEST_F(LagDecoder, gives_a_tick_as_a_value_and_as_the_lanes_time) {
  const auto& out = decode(R"({"tick_ms":1732262405000,"source":"lag-0","interval_ms":5000,"seq":18})");
  ASSERT_EQ(out.values.size(), 1u);
  const LagEvent& event = out.values[0].value;
  EXPECT_EQ(event.kind, LagKind::kTick);
  EXPECT_TRUE(event.ends_chunk());
  EXPECT_EQ(event.time_ms, 1732262405000);
  EXPECT_EQ(event.tick.tick_ms, 1732262405000);
  EXPECT_EQ(event.tick.source, "lag-0");
  EXPECT_EQ(event.tick.interval_ms, 5000);
  EXPECT_EQ(event.tick.seq, 18u);
  ASSERT_EQ(out.ticks.size(), 1u);
  EXPECT_EQ(out.ticks[0].record, 3u);
  EXPECT_EQ(out.ticks[0].before_value, 0u);
  EXPECT_EQ(out.ticks[0].time_ms, 1732262405000);
}

TEST_F(LagDecoder, reads_a_context) {
  ASSERT_EQ(reason(R"({"kind":"context","time_ms":1732262400000,"cluster":"prod","group":"payments","target":"prod/shop/Deployment/pay",)"
                   R"("lying_factor_cores":-0.25,"cpu_used_ratio":0.97,"host":"ip-10-0-0-7","host_cpu_ratio":0.5})"),
            "");
  const LagEvent& event = out_.values[0].value;
  EXPECT_EQ(event.kind, LagKind::kContext);
  EXPECT_EQ(event.time_ms, 1732262400000);
  EXPECT_EQ(event.context.cluster, "prod");
  EXPECT_EQ(event.context.group, "payments");
  EXPECT_EQ(event.context.target, "prod/shop/Deployment/pay");
  EXPECT_EQ(event.context.lying_factor_cores, -0.25);
  EXPECT_EQ(event.context.cpu_used_ratio, 0.97);
  EXPECT_EQ(event.context.host, "ip-10-0-0-7");
  EXPECT_EQ(event.context.host_cpu_ratio, 0.5);
}

TEST_F(LagDecoder, reads_that_a_group_was_forgotten) {
  ASSERT_EQ(reason(R"({"kind":"forgotten","time_ms":1732262400000,"cluster":"prod","group":"payments","reason":"deleted"})"), "");
  const LagEvent& event = out_.values[0].value;
  EXPECT_EQ(event.kind, LagKind::kForgotten);
  EXPECT_EQ(event.forgotten.cluster, "prod");
  EXPECT_EQ(event.forgotten.group, "payments");
  EXPECT_EQ(event.forgotten.reason, "deleted");
}

TEST_F(LagDecoder, takes_the_last_of_members_that_come_twice) {
  ASSERT_EQ(reason(sample(R"(,"end_offset":1,"partition":9,"end_offset":2)")), "");
  EXPECT_EQ(out_.values[0].value.sample.end_offset, 2);
  EXPECT_EQ(out_.values[0].value.sample.partition_key,
            "orders\x1f"
            "9");
}

TEST_F(LagDecoder, refuses_what_is_no_object) {
  const std::pair<std::string, std::string> cases[] = {{"", "empty"},
                                                       {"x", "not_json"},
                                                       {"{", "not_json"},
                                                       {"[]", "wrong_type"},
                                                       {"[" + sample("") + "]", "wrong_type"},
                                                       {"null", "wrong_type"},
                                                       {"\"\xff\"", "not_utf8"},
                                                       {"7", "wrong_type"},
                                                       {sample("") + "x", "not_json"}};
  for (const auto& [json, wanted] : cases) EXPECT_EQ(reason(json), wanted) << json;
  EXPECT_EQ(reason(std::string(100, '[') + std::string(100, ']')), "too_deep");
}

TEST_F(LagDecoder, refuses_a_sample_without_its_names) {
  for (const std::string name : {"cluster", "group", "topic"}) {
    std::string json = sample("");
    const size_t at = json.find('"' + name + '"');
    EXPECT_EQ(reason(json.substr(0, at + 1) + "x" + json.substr(at + 1)), "missing_name") << name;
    for (const auto& [value, wanted] :
         {std::pair{"\"\"", "missing_name"}, {"null", "wrong_type"}, {"1", "wrong_type"}, {R"("a\u0001")", "control_character"}})
      EXPECT_EQ(reason(sample(",\"" + name + "\":" + value)), wanted) << name << value;
    EXPECT_EQ(reason(sample(",\"" + name + "\":\"" + std::string(513, 'a') + "\"")), "string_too_long") << name;
    EXPECT_EQ(reason(sample(",\"" + name + "\":\"" + std::string(512, 'a') + "\"")), "") << name;
  }
  EXPECT_EQ(reason(R"({"cluster":"c","group":"g","topic":"t","observed_ms":1732262400000})"), "missing_partition");
  EXPECT_EQ(reason(R"({"cluster":"c","group":"g","topic":"t","partition":0})"), "missing_time");
}

TEST_F(LagDecoder, refuses_numbers_that_no_offset_can_be) {
  for (const std::string name : {"partition", "seq", "committed_offset", "log_start_offset", "end_offset", "last_stable_offset",
                                 "consumed_time_ms", "end_time_ms", "unread_time_ms", "consumed_time_error_ms", "end_time_error_ms",
                                 "members", "open_transaction_ms", "retention_ms", "retention_bytes", "lost_records", "skew_ms"}) {
    const std::pair<const char*, const char*> cases[] = {{"-1", "negative"},
                                                         {"1.5", "not_integer"},
                                                         {"1e3", "not_integer"},
                                                         {"NaN", "not_finite"},
                                                         {"Infinity", "not_finite"},
                                                         {"1e999", "not_finite"},
                                                         {"18446744073709551615", "number_too_large"},
                                                         {"9223372036854775807", "number_too_large"},
                                                         {"99999999999999999999", "not_integer"},
                                                         {"\"1\"", "wrong_type"},
                                                         {"true", "wrong_type"},
                                                         {"[]", "wrong_type"}};
    for (const auto& [value, wanted] : cases) EXPECT_EQ(reason(sample(",\"" + name + "\":" + value)), wanted) << name << " " << value;
  }
  EXPECT_EQ(reason(sample(R"(,"partition":2147483648)")), "number_too_large");
  EXPECT_EQ(reason(sample(R"(,"members":2147483648)")), "number_too_large");
  EXPECT_EQ(reason(sample(R"(,"end_offset":2305843009213693951)")), "");
}

TEST_F(LagDecoder, takes_stamps_of_records_as_they_are) {
  EXPECT_EQ(reason(sample(R"(,"consumed_time_ms":0,"end_time_ms":1700000000000000000)")), "")
      << "far-off stamps are no fault of the source";
}

TEST_F(LagDecoder, refuses_times_that_cannot_be) {
  const std::pair<const char*, const char*> cases[] = {{"946684799999", "time_before_2000"},
                                                       {"1732263000001", "time_ahead"},
                                                       {"1732262400000.5", "time_not_integer"},
                                                       {"18446744073709551615", "time_ahead"},
                                                       {"-1", "negative"},
                                                       {"null", "wrong_type"}};
  for (const auto& [value, wanted] : cases) {
    EXPECT_EQ(reason(sample(std::string(",\"observed_ms\":") + value)), wanted) << value;
    EXPECT_EQ(reason(std::string(R"({"tick_ms":)") + value + R"(,"interval_ms":5000})"), wanted) << value;
    EXPECT_EQ(reason(std::string(R"({"kind":"forgotten","cluster":"c","group":"g","time_ms":)") + value + "}"), wanted) << value;
  }
  EXPECT_EQ(reason(R"({"tick_ms":1732263000000,"interval_ms":5000})"), "") << "ten minutes ahead are allowed";
}

TEST_F(LagDecoder, refuses_ticks_without_an_interval) {
  EXPECT_EQ(reason(R"({"tick_ms":1732262400000})"), "missing_interval");
  EXPECT_EQ(reason(R"({"tick_ms":1732262400000,"interval_ms":0})"), "missing_interval");
  EXPECT_EQ(reason(R"({"tick_ms":1732262400000,"interval_ms":-5})"), "negative");
  EXPECT_EQ(reason(R"({"tick_ms":1732262400000,"interval_ms":86400001})"), "number_too_large");
}

TEST_F(LagDecoder, refuses_bad_contexts_and_unknown_kinds) {
  const std::string head = R"({"kind":"context","time_ms":1732262400000,"cluster":"c","group":"g")";
  EXPECT_EQ(reason(head + "}"), "");
  EXPECT_EQ(reason(head + R"(,"host_cpu_ratio":-0.1})"), "negative");
  EXPECT_EQ(reason(head + R"(,"cpu_used_ratio":"1"})"), "wrong_type");
  EXPECT_EQ(reason(head + R"(,"lying_factor_cores":NaN})"), "not_finite");
  EXPECT_EQ(reason(R"({"kind":"context","cluster":"c","group":"g"})"), "missing_time");
  EXPECT_EQ(reason(R"({"kind":"context","time_ms":1732262400000,"cluster":"c"})"), "missing_name");
  EXPECT_EQ(reason(R"({"kind":"other","time_ms":1732262400000})"), "unknown_kind");
  EXPECT_EQ(reason(R"({"kind":1})"), "wrong_type");
}

TEST_F(LagDecoder, refuses_labels_that_cannot_be_told_apart) {
  EXPECT_EQ(reason(sample(R"(,"labels":[])")), "wrong_type");
  EXPECT_EQ(reason(sample(R"(,"labels":{"a":1})")), "wrong_type");
  EXPECT_EQ(reason(sample(R"(,"labels":{"":"x"})")), "bad_label");
  EXPECT_EQ(reason(sample(R"(,"labels":{"a=b":"x"})")), "bad_label");
  EXPECT_EQ(reason(sample(R"(,"labels":{"a":"x","b":"y","a":"x"})")), "bad_label");
  EXPECT_EQ(reason(sample(R"(,"labels":{"a\n":"x"})")), "control_character");
  EXPECT_EQ(reason(sample(R"(,"labels":{"a":"\u001f"})")), "control_character");
  std::string labels;
  for (int i = 0; i < 33; ++i) labels += (i == 0 ? "\"l" : ",\"l") + std::to_string(i) + "\":\"x\"";
  EXPECT_EQ(reason(sample(",\"labels\":{" + labels + "}")), "too_many_labels");
}

TEST_F(LagDecoder, keeps_what_it_gave_until_the_next_batch) {
  decoder_->begin_batch();
  out_.clear();
  for (int i = 0; i < 3000; ++i) {
    const std::string json = sample(R"(,"labels":{"view":")" + std::to_string(i) + R"("},"group":"g)" + std::to_string(i) + "\"");
    decoder_->decode({i, kTimestampMs, {}, json}, static_cast<uint32_t>(i), out_);
  }
  ASSERT_EQ(out_.values.size(), 3000u);
  for (int i = 0; i < 3000; ++i) {
    const LagSample& in = out_.values[static_cast<size_t>(i)].value.sample;
    ASSERT_EQ(in.group, "g" + std::to_string(i));
    ASSERT_EQ(in.labels[0].value, std::to_string(i));
  }
}

}  // namespace
}  // namespace headroom
