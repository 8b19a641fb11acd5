#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "headroom/alert_codec.h"

namespace headroom {
namespace {

constexpr Envelope kEnvelope{.source = "/headroom/prod", .lane = "lag_watch/3", .incarnation = 1, .sequence = 4711, .input_offset = 88121};

AlertEvent firing() {
  AlertEvent alert;
  alert.detector = "lag_seconds_high";
  alert.severity = AlertSeverity::kCritical;
  alert.incident = "00ab12cd34ef5678";
  alert.labels = {{"env", "production"}, {"view", "site_impact"}, {"partition", "3"}};
  alert.metric = "lag_seconds";
  alert.threshold_micro = 1'200'000'000;
  alert.value_micro = 1'234'500'000;
  alert.peak_micro = 1'300'000'000;
  alert.time_ms = 1'795'342'500'000;
  alert.since_ms = alert.time_ms - 600'000;
  alert.fired_ms = alert.time_ms;
  alert.for_ms = 600'000;
  alert.title = "t";
  alert.message = "m \"quoted\"";
  alert.attribution = {.cause = AlertCause::kOutOfCpu,
                       .context_ms = alert.time_ms - 30'000,
                       .target = "prod-eu1/pay/Deployment/api",
                       .host = "ip-10-0-0-7",
                       .lying_factor_micro = -250'000,
                       .cpu_used_ratio_micro = 1'125'000,
                       .host_cpu_ratio_micro = 970'000};
  alert.evidence = {.partitions = 12,
                    .known = 11,
                    .lag_records = 48'000,
                    .produced_milli = 120'500,
                    .consumed_milli = 80'000,
                    .cluster = "east",
                    .group = "payments",
                    .topic = "orders",
                    .partition = 3,
                    .verdict = "falling_behind",
                    .quality = "exact",
                    .lag_ms = 1'264'500,
                    .lag_error_ms = 0,
                    .commit_allowance_ms = 30'000};
  return alert;
}

AlertEvent resolved() {
  AlertEvent alert = firing();
  alert.state = AlertState::kResolved;
  alert.end = AlertEnd::kDeleted;
  alert.time_ms += 60'000;
  alert.value_micro.reset();
  alert.evidence = {};
  return alert;
}

std::string encoded(const AlertEvent& alert, const Envelope& envelope = kEnvelope) {
  Encoded out;
  encode_alert(alert, envelope, out);
  return out.value;
}
nlohmann::json parsed(const AlertEvent& alert, const Envelope& envelope = kEnvelope) {
  return nlohmann::json::parse(encoded(alert, envelope));
}

TEST(AlertEncoder, writes_a_firing_alert_byte_for_byte) {
  EXPECT_EQ(encoded(firing()),
            R"({"specversion":"1.0","id":"0b5982310198f0ca","source":"/headroom/prod","type":"io.headroom.alert.v1",)"
            R"("subject":"lag_seconds_high/production/site_impact/3","time":"2026-11-22T10:15:00Z",)"
            R"("partitionkey":"lag_seconds_high/production/site_impact/3","lane":"lag_watch/3","sequence":"00000000000000004711",)"
            R"("datacontenttype":"application/json","data":{"state":"firing","detector":"lag_seconds_high","severity":"critical",)"
            R"("incident":"00ab12cd34ef5678","title":"t","message":"m \"quoted\"",)"
            R"("labels":{"env":"production","view":"site_impact","partition":"3"},"metric":"lag_seconds","value":1234.5,"fires":"above",)"
            R"("threshold":1200.0,"peak":1300.0,"since":"2026-11-22T10:05:00Z","fired":"2026-11-22T10:15:00Z","duration_seconds":600.0,)"
            R"("muted":false,"attribution":{"cause":"out_of_cpu","observed":"2026-11-22T10:14:30Z","target":"prod-eu1/pay/Deployment/api",)"
            R"("host":"ip-10-0-0-7","lying_factor_cores":-0.25,"cpu_used_ratio":1.125,"host_cpu_ratio":0.97},)"
            R"("evidence":{"partitions":12,"known":11,"lag_records":48000,"produced_per_second":120.5,"consumed_per_second":80.0,)"
            R"("worst":{"cluster":"east","group":"payments","topic":"orders","partition":3,"verdict":"falling_behind","quality":"exact",)"
            R"("lag_seconds":1264.5,"lag_error_seconds":0.0,"commit_allowance_seconds":30.0},"offset":88121}}})");
}

TEST(AlertEncoder, writes_a_resolved_alert_with_its_reason_and_without_attribution) {
  const auto data = parsed(resolved())["data"];
  EXPECT_EQ(data["state"], "resolved");
  EXPECT_EQ(data["reason"], "deleted");
  EXPECT_TRUE(data["value"].is_null());
  EXPECT_EQ(data["duration_seconds"], 660.0);
  EXPECT_FALSE(data.contains("attribution"));
  EXPECT_FALSE(data["evidence"].contains("worst"));
  EXPECT_FALSE(parsed(firing())["data"].contains("reason"));
}

TEST(AlertEncoder, keys_by_the_subject_and_names_type_and_subject_in_headers) {
  Encoded out;
  out.headers.emplace_back("left", "over");
  encode_alert(firing(), kEnvelope, out);
  EXPECT_EQ(out.key, "lag_seconds_high/production/site_impact/3");
  const std::vector<std::pair<std::string, std::string>> expected = {{"type", "io.headroom.alert.v1"}, {"subject", out.key}};
  EXPECT_EQ(out.headers, expected);
}

TEST(AlertEncoder, gives_another_id_to_each_alert_and_the_same_to_a_replay) {
  std::set<std::string> ids;
  const auto add = [&](const AlertEvent& alert, const Envelope& envelope) { ids.insert(parsed(alert, envelope)["id"].get<std::string>()); };
  add(firing(), kEnvelope);
  Envelope replay = kEnvelope;
  replay.sequence = 1;
  replay.input_offset = 2;
  add(firing(), replay);
  EXPECT_EQ(ids.size(), 1u);
  AlertEvent other = firing();
  other.state = AlertState::kResolved;
  add(other, kEnvelope);
  other = firing();
  other.incident = "1111111111111111";
  add(other, kEnvelope);
  other = firing();
  other.detector = "other";
  add(other, kEnvelope);
  other = firing();
  other.time_ms += 1;
  add(other, kEnvelope);
  Envelope elsewhere = kEnvelope;
  elsewhere.incarnation = 2;
  add(firing(), elsewhere);
  elsewhere = kEnvelope;
  elsewhere.lane = "lag_watch/4";
  add(firing(), elsewhere);
  elsewhere = kEnvelope;
  elsewhere.source = "/headroom/other";
  add(firing(), elsewhere);
  EXPECT_EQ(ids.size(), 8u);
}

TEST(AlertEncoder, says_until_when_a_muted_alert_is_muted) {
  AlertEvent alert = firing();
  alert.muted = true;
  alert.muted_until_ms = alert.time_ms + 3'600'000;
  EXPECT_EQ(parsed(alert)["data"]["muted"], true);
  EXPECT_EQ(parsed(alert)["data"]["muted_until"], "2026-11-22T11:15:00Z");
  EXPECT_FALSE(parsed(firing())["data"].contains("muted_until"));
}

TEST(AlertEncoder, says_only_that_there_is_no_context_where_there_is_none) {
  AlertEvent alert = firing();
  alert.attribution = {};
  EXPECT_EQ(parsed(alert)["data"]["attribution"], (nlohmann::json{{"cause", "no_context"}}));
}

TEST(AlertEncoder, stays_json_with_the_largest_numbers_and_hostile_names) {
  AlertEvent alert = firing();
  alert.labels = {{"view", "a\"b\\c\n/{}"}};
  alert.evidence.group = "\x01\"";
  alert.evidence.produced_milli = std::numeric_limits<int64_t>::max();
  alert.evidence.lag_ms = std::numeric_limits<int64_t>::max();
  const auto event = parsed(alert);
  EXPECT_EQ(event["data"]["labels"]["view"], "a\"b\\c\n/{}");
  EXPECT_EQ(event["data"]["evidence"]["worst"]["group"], "\x01\"");
  EXPECT_GT(event["data"]["evidence"]["worst"]["lag_seconds"].get<double>(), 9e12);
}

TEST(AlertMessage, reads_back_what_was_written) {
  const auto alert = parse_alert(encoded(firing()));
  ASSERT_TRUE(alert) << alert.status().to_string();
  EXPECT_EQ(alert->id, parsed(firing())["id"]);
  EXPECT_EQ(alert->subject, "lag_seconds_high/production/site_impact/3");
  EXPECT_EQ(alert->lane, "lag_watch/3");
  EXPECT_EQ(alert->sequence, 4711u);
  EXPECT_EQ(alert->time_ms, firing().time_ms);
  EXPECT_EQ(alert->state, "firing");
  EXPECT_EQ(alert->incident, "00ab12cd34ef5678");
  EXPECT_EQ(alert->message, "m \"quoted\"");
  ASSERT_EQ(alert->labels.size(), 3u);
  EXPECT_EQ(alert->labels[1], (std::pair<std::string, std::string>("view", "site_impact")));
  EXPECT_EQ(alert->details.front(), (std::pair<std::string, std::string>("metric", "\"lag_seconds\"")));
  EXPECT_EQ(alert->evidence.front(), (std::pair<std::string, std::string>("partitions", "12")));
}

TEST(AlertMessage, names_the_member_that_is_missing_or_wrong) {
  const auto reason = [](const auto& change) {
    auto event = parsed(firing());
    change(event);
    const auto alert = parse_alert(event.dump());
    return alert ? std::string("it reads") : alert.status().message();
  };
  using Json = nlohmann::json;
  EXPECT_EQ(reason([](Json&) {}), "it reads");
  EXPECT_EQ(reason([](Json& e) { e["type"] = "io.headroom.action.resize.v1"; }), "type 'io.headroom.action.resize.v1' is not an alert");
  EXPECT_EQ(reason([](Json& e) { e.erase("subject"); }), "member 'subject' is missing");
  EXPECT_EQ(reason([](Json& e) { e["time"] = "yesterday"; }), "member 'time' is not a time");
  EXPECT_EQ(reason([](Json& e) { e["sequence"] = "x"; }), "member 'sequence' is not a number");
  EXPECT_EQ(reason([](Json& e) { e["data"]["state"] = 1; }), "member 'state' is not a string");
  EXPECT_EQ(reason([](Json& e) { e["data"]["evidence"] = 1; }), "member 'evidence' is not an object");
  EXPECT_EQ(reason([](Json& e) { e = 5; }), "the record is not a JSON object");
}

TEST(AlertMessage, says_an_alert_in_words) {
  const auto alert = parse_alert(encoded(firing()));
  ASSERT_TRUE(alert);
  const std::string words = alert_words(*alert);
  EXPECT_EQ(words.substr(0, words.find('\n')), "critical firing: t");
  for (const std::string line : {"  why        m \"quoted\"\n", "  decided    at 2026-11-22T10:15:00Z by the detector lag_seconds_high\n",
                                 "  label      view site_impact\n", "  what       threshold 1200.0\n", "  evidence   lag_records 48000\n"})
    EXPECT_NE(words.find(line), std::string::npos) << line << " in " << words;
}

}  // namespace
}  // namespace headroom
