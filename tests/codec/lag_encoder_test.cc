#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "headroom/lag_codec.h"

namespace headroom {
namespace {

template <class Append, class... Args>
std::string text_of(Append append, const Args&... args) {
  std::string out;
  append(args..., out);
  return out;
}

LagSample sample() {
  LagSample made;
  made.cluster = "prod";
  made.group = "payments";
  made.topic = "orders";
  made.partition = 3;
  made.source = "a";
  made.seq = 17;
  made.observed_ms = 1732262400000;
  return made;
}

TEST(LagEncoder, writes_every_member_of_a_sample_in_a_fixed_order) {
  LagSample full = sample();
  full.committed_offset = 1000;
  full.log_start_offset = 0;
  full.end_offset = 1500;
  full.last_stable_offset = 1490;
  full.consumed_time_ms = 1732262100000;
  full.end_time_ms = 1732262399000;
  full.unread_time_ms = 1732262100500;
  full.consumed_time_error_ms = 0;
  full.end_time_error_ms = 250;
  full.quality = LagQuality::kInterpolated;
  full.topic_id = "id";
  full.group_state = "Stable";
  full.members = 4;
  full.assigned = true;
  full.open_transaction_ms = 12;
  full.retention_ms = 604800000;
  full.retention_bytes = 1 << 30;
  full.lost_records = 7;
  full.skew_ms = 5;
  const std::vector<LagLabel> labels = {{"env", "production"}, {"view", "site_impact"}};
  full.labels = labels;
  EXPECT_EQ(text_of(append_lag_sample, full),
            R"({"cluster":"prod","group":"payments","topic":"orders","partition":3,"source":"a","seq":17,"observed_ms":1732262400000,)"
            R"("committed_offset":1000,"log_start_offset":0,"end_offset":1500,"last_stable_offset":1490,"consumed_time_ms":1732262100000,)"
            R"("end_time_ms":1732262399000,"unread_time_ms":1732262100500,"consumed_time_error_ms":0,"end_time_error_ms":250,)"
            R"("quality":"interpolated","topic_id":"id","group_state":"Stable","members":4,"assigned":true,"open_transaction_ms":12,)"
            R"("retention_ms":604800000,"retention_bytes":1073741824,"lost_records":7,"skew_ms":5,)"
            R"("labels":{"env":"production","view":"site_impact"}})");
}

TEST(LagEncoder, leaves_out_what_is_absent_but_writes_null_where_a_reader_must_tell_it_from_zero) {
  EXPECT_EQ(text_of(append_lag_sample, sample()),
            R"({"cluster":"prod","group":"payments","topic":"orders","partition":3,"source":"a","seq":17,"observed_ms":1732262400000,)"
            R"("committed_offset":null,"consumed_time_ms":null,"end_time_ms":null,"quality":"unknown","topic_id":null,"members":null})");
}

TEST(LagEncoder, escapes_names_so_that_any_group_gives_json) {
  LagSample odd = sample();
  odd.group = "a\"b\\c\n";
  const auto read = nlohmann::json::parse(text_of(append_lag_sample, odd), nullptr, false);
  ASSERT_FALSE(read.is_discarded());
  EXPECT_EQ(read["group"], "a\"b\\c\n");
}

TEST(LagEncoder, writes_the_words_of_all_qualities) {
  const std::pair<LagQuality, const char*> words[] = {{LagQuality::kExact, "exact"},
                                                      {LagQuality::kInterpolated, "interpolated"},
                                                      {LagQuality::kBracketed, "bracketed"},
                                                      {LagQuality::kUnknown, "unknown"}};
  for (const auto& [quality, word] : words) {
    LagSample one = sample();
    one.quality = quality;
    EXPECT_EQ(nlohmann::json::parse(text_of(append_lag_sample, one))["quality"], word);
  }
}

TEST(LagEncoder, writes_ticks) {
  EXPECT_EQ(text_of(append_lag_tick, LagTick{.source = "a", .tick_ms = 1732262400000, .interval_ms = 5000, .seq = 17}),
            R"({"tick_ms":1732262400000,"source":"a","interval_ms":5000,"seq":17})");
}

TEST(LagEncoder, writes_contexts_without_what_is_not_known_and_no_number_that_is_none) {
  LagContext context;
  context.cluster = "prod";
  context.group = "g";
  context.target = "c/n/Deployment/api";
  context.lying_factor_cores = -0.25;
  context.host_cpu_ratio = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(text_of(append_lag_context, context, int64_t{5}),
            R"({"kind":"context","time_ms":5,"cluster":"prod","group":"g","target":"c/n/Deployment/api","lying_factor_cores":-0.25})");
}

TEST(LagEncoder, writes_that_a_group_is_forgotten) {
  EXPECT_EQ(text_of(append_lag_forgotten, LagForgotten{.cluster = "prod", .group = "g", .reason = "deleted"}, int64_t{5}),
            R"({"kind":"forgotten","time_ms":5,"cluster":"prod","group":"g","reason":"deleted"})");
}

TEST(LagEncoder, appends_to_what_is_there) {
  std::string out = "{}";
  append_lag_tick({.source = "a", .tick_ms = 1, .interval_ms = 2, .seq = 3}, out);
  EXPECT_EQ(out, R"({}{"tick_ms":1,"source":"a","interval_ms":2,"seq":3})");
}

}  // namespace
}  // namespace headroom
