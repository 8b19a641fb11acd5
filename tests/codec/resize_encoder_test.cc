#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "headroom/codec.h"

namespace headroom {
namespace {

constexpr Envelope kEnvelope{
    .source = "/headroom/prod", .lane = "right_sizing/3", .incarnation = 1, .sequence = 4711, .input_offset = 88121};

ResizeAction cpu_action() {
  ResizeAction action;
  action.target = "prod-eu1/checkout/Deployment/api";
  action.container = "app";
  action.resource = Resource::kCpu;
  action.code = "over_reserved";
  action.time_ms = 1795342500000;
  action.expiry_ms = action.time_ms + 300'000;
  action.current = 2'000'000;
  action.desired = 1'000'000;
  action.lower = 1'000'000;
  action.upper = 8'000'000;
  action.uncapped = 860'000;
  action.cooldown_ms = 600'000;
  action.max_step_micro = 500'000;
  action.evidence = {.lying_factor = 1'390'000,
                     .band_unit = BandUnit::kAbsolute,
                     .band_lower = -100'000,
                     .band_upper = 600'000,
                     .used_mean = 610'000,
                     .used_max = 970'000,
                     .window_ms = 3'600'000,
                     .instances = 3,
                     .samples = 180};
  return action;
}

ResizeAction memory_action() {
  ResizeAction action = cpu_action();
  action.resource = Resource::kMemory;
  action.mode = ActionMode::kPropose;
  action.code = "under_reserved";
  action.current = 268'435'456;
  action.desired = 402'653'184;
  action.lower = 0;
  action.upper = std::numeric_limits<int64_t>::max();
  action.uncapped = 400'000'000;
  action.max_step_micro = 3'000'000;
  action.evidence.lying_factor = -120'000;
  action.evidence.band_unit = BandUnit::kRatio;
  action.evidence.band_lower = -50'000;
  action.evidence.band_upper = 350'000;
  action.evidence.used_mean = 300'647'711;
  action.evidence.used_max = 310'000'000;
  return action;
}

std::string encoded(const ResizeAction& action, const Envelope& envelope = kEnvelope) {
  Encoded out;
  encode_resize(action, envelope, out);
  return out.value;
}

nlohmann::json parsed(const ResizeAction& action, const Envelope& envelope = kEnvelope) {
  return nlohmann::json::parse(encoded(action, envelope));
}

TEST(ResizeEncoder, writes_the_cloud_event_of_the_contract_byte_for_byte) {
  EXPECT_EQ(
      encoded(cpu_action()),
      R"({"specversion":"1.0","id":"c142c261b0caa555","source":"/headroom/prod","type":"io.headroom.action.resize.v1",)"
      R"("subject":"prod-eu1/checkout/Deployment/api/app","time":"2026-11-22T10:15:00Z","expirytime":"2026-11-22T10:20:00Z",)"
      R"("partitionkey":"prod-eu1/checkout/Deployment/api","lane":"right_sizing/3","sequence":"00000000000000004711","datacontenttype":"application/json",)"
      R"("data":{"action":"resize","resource":"cpu","mode":"apply",)"
      R"("target":{"cluster":"prod-eu1","namespace":"checkout","kind":"Deployment","name":"api","container":"app"},)"
      R"("current":{"cpu_cores":2.0},"desired":{"cpu_cores":1.0},"bounds":{"lower":1.0,"upper":8.0,"uncapped":0.86},)"
      R"("reason":{"code":"over_reserved","message":"reserves 1.39 cores more than it uses (1 h mean); the band ends at 0.60",)"
      R"("evidence":{"lying_factor_cores":1.39,"band":[-0.1,0.6],"used_mean_cores":0.61,"used_max_cores":0.97,"window":"1h","instances":3,"samples":180,"offset":88121}},)"
      R"("guard":{"cooldown":"10m","max_step_ratio":0.5}}})");
}

TEST(ResizeEncoder, writes_memory_in_bytes_and_ratios_as_decimals) {
  const std::string value = encoded(memory_action());
  const std::string data = value.substr(value.find(R"("data":)"));
  EXPECT_EQ(
      data,
      R"("data":{"action":"resize","resource":"memory","mode":"propose",)"
      R"("target":{"cluster":"prod-eu1","namespace":"checkout","kind":"Deployment","name":"api","container":"app"},)"
      R"("current":{"memory_bytes":268435456},"desired":{"memory_bytes":402653184},"bounds":{"lower":0,"upper":null,"uncapped":400000000},)"
      R"("reason":{"code":"under_reserved","message":"uses 12.00% more than it reserves (1 h mean); the band begins at -5.00%",)"
      R"("evidence":{"lying_factor_ratio":-0.12,"band":[-0.05,0.35],"used_mean_bytes":300647711,"used_max_bytes":310000000,"window":"1h","instances":3,"samples":180,"offset":88121}},)"
      R"("guard":{"cooldown":"10m","max_step_ratio":3.0}}})");
}

TEST(ResizeEncoder, gives_an_oom_kill_the_evidence_it_has) {
  ResizeAction action = memory_action();
  action.code = "oom_kill";
  action.max_step_micro = 0;
  action.evidence.oom_kills = 2;
  const auto data = parsed(action)["data"];
  EXPECT_EQ(data["reason"]["message"], "killed for want of memory (2 so far) with 256.00 MiB reserved; used 295.64 MiB at most");
  EXPECT_EQ(data["reason"]["evidence"].dump(),
            R"({"instances":3,"offset":88121,"oom_kills":2,"samples":180,"used_max_bytes":310000000,"window":"1h"})");
  EXPECT_EQ(data["guard"].dump(), R"({"cooldown":"10m"})");
}

TEST(ResizeEncoder, keys_by_target_and_tells_type_and_subject_in_headers) {
  Encoded out;
  out.key = "old";
  out.headers = {{"old", "old"}};
  encode_resize(cpu_action(), kEnvelope, out);
  EXPECT_EQ(out.key, "prod-eu1/checkout/Deployment/api");
  const std::vector<std::pair<std::string, std::string>> headers = {{"type", "io.headroom.action.resize.v1"},
                                                                    {"subject", "prod-eu1/checkout/Deployment/api/app"}};
  EXPECT_EQ(out.headers, headers);
}

TEST(ResizeEncoder, keeps_its_id_in_a_replay_and_changes_it_with_each_part) {
  const std::string id = parsed(cpu_action())["id"];
  EXPECT_EQ(id.size(), 16u);
  Envelope later = kEnvelope;
  later.sequence = 9;
  later.input_offset = 1;
  ResizeAction other = cpu_action();
  other.desired = 5;
  EXPECT_EQ(parsed(other, later)["id"], id);
  const auto differs = [&](auto change) {
    ResizeAction action = cpu_action();
    Envelope envelope = kEnvelope;
    change(action, envelope);
    return parsed(action, envelope)["id"] != id;
  };
  EXPECT_TRUE(differs([](ResizeAction&, Envelope& e) { e.source = "/headroom/dev"; }));
  EXPECT_TRUE(differs([](ResizeAction&, Envelope& e) { e.lane = "right_sizing/4"; }));
  EXPECT_TRUE(differs([](ResizeAction&, Envelope& e) { e.incarnation = 2; }));
  EXPECT_TRUE(differs([](ResizeAction& a, Envelope&) { a.target += "2"; }));
  EXPECT_TRUE(differs([](ResizeAction& a, Envelope&) { a.container = "sidecar"; }));
  EXPECT_TRUE(differs([](ResizeAction& a, Envelope&) { a.resource = Resource::kMemory; }));
  EXPECT_TRUE(differs([](ResizeAction& a, Envelope&) { a.time_ms += 1; }));
  EXPECT_TRUE(differs([](ResizeAction& a, Envelope&) { a.instance = "api-2"; })) << "two instances killed within one scrape";
}

TEST(ResizeEncoder, splits_targets_of_four_parts_and_more_and_leaves_others_whole) {
  ResizeAction action = cpu_action();
  action.container.clear();
  const auto target = [&](std::string text) {
    action.target = std::move(text);
    return parsed(action)["data"]["target"].dump();
  };
  EXPECT_EQ(target("c/n/k/a"), R"({"cluster":"c","kind":"k","name":"a","namespace":"n"})");
  EXPECT_EQ(target("c/n/k/a/b"), R"({"cluster":"c","kind":"k","name":"a/b","namespace":"n"})");
  EXPECT_EQ(target("//k/"), R"({"cluster":"","kind":"k","name":"","namespace":""})");
  EXPECT_EQ(target("c/n/a"), R"({"name":"c/n/a"})");
  EXPECT_EQ(target("a"), R"({"name":"a"})");
  EXPECT_EQ(parsed(action)["subject"], "a");
}

TEST(ResizeEncoder, escapes_what_json_wants_escaped) {
  ResizeAction action = cpu_action();
  action.target = "a\"b\\c\n\x01/ä";
  const auto value = parsed(action);
  EXPECT_EQ(value["partitionkey"], action.target);
  EXPECT_NE(encoded(action).find(R"(a\"b\\c\u000a\u0001/ä)"), std::string::npos);
}

TEST(ResizeEncoder, prints_cores_exactly_at_the_ends_of_their_range) {
  ResizeAction action = cpu_action();
  action.current = 1;
  action.desired = 123'456'789;
  action.lower = -1;
  action.uncapped = std::numeric_limits<int64_t>::min();
  const std::string value = encoded(action);
  EXPECT_NE(value.find(R"("current":{"cpu_cores":0.000001},"desired":{"cpu_cores":123.456789},"bounds":{"lower":-0.000001,)"),
            std::string::npos)
      << value;
  EXPECT_NE(value.find(R"("uncapped":-9223372036854.775808)"), std::string::npos) << value;
}

TEST(ActionSummary, reads_what_the_encoder_writes) {
  const auto cpu = parse_action(encoded(cpu_action()));
  ASSERT_TRUE(cpu.is_ok()) << cpu.status().to_string();
  EXPECT_EQ(cpu->id, parsed(cpu_action())["id"]);
  EXPECT_EQ(cpu->source, "/headroom/prod");
  EXPECT_EQ(cpu->type, kResizeType);
  EXPECT_EQ(cpu->subject, "prod-eu1/checkout/Deployment/api/app");
  EXPECT_EQ(cpu->partitionkey, "prod-eu1/checkout/Deployment/api");
  EXPECT_EQ(cpu->lane, "right_sizing/3");
  EXPECT_EQ(cpu->sequence, 4711u);
  EXPECT_EQ(cpu->time_ms, 1795342500000);
  EXPECT_EQ(cpu->expiry_ms, 1795342800000);
  EXPECT_EQ(cpu->action, "resize");
  EXPECT_EQ(cpu->resource, "cpu");
  EXPECT_EQ(cpu->mode, "apply");
  EXPECT_EQ(cpu->code, "over_reserved");
  EXPECT_EQ(cpu->current, 2'000'000);
  EXPECT_EQ(cpu->desired, 1'000'000);
  ASSERT_EQ(cpu->evidence.size(), 8u);
  EXPECT_EQ(cpu->evidence[0], (std::pair<std::string, std::string>("lying_factor_cores", "1.39")));
  const auto memory = parse_action(encoded(memory_action()));
  ASSERT_TRUE(memory.is_ok());
  EXPECT_EQ(memory->desired, 402'653'184);
}

TEST(ActionSummary, names_the_member_that_is_missing_or_wrong) {
  const auto message = [](auto change) {
    nlohmann::json value = parsed(cpu_action());
    change(value);
    const auto result = parse_action(value.dump());
    EXPECT_FALSE(result.is_ok());
    EXPECT_EQ(result.status().code(), Code::kInvalid);
    return result.status().message();
  };
  EXPECT_EQ(message([](auto& v) { v.erase("id"); }), "member 'id' is missing");
  EXPECT_EQ(message([](auto& v) { v["lane"] = 3; }), "member 'lane' is not a string");
  EXPECT_EQ(message([](auto& v) { v["time"] = "now"; }), "member 'time' is not a time");
  EXPECT_EQ(message([](auto& v) { v["sequence"] = "12x"; }), "member 'sequence' is not a number");
  EXPECT_EQ(message([](auto& v) { v["data"] = 1; }), "member 'data' is not an object");
  EXPECT_EQ(message([](auto& v) { v["data"]["desired"] = {{"cpu_cores", "x"}}; }), "member 'desired' is not a quantity");
  EXPECT_EQ(message([](auto& v) { v["type"] = "other"; }), "type 'other' is neither a resize nor a scale command");
  EXPECT_FALSE(parse_action(std::string(1'000'000, '[') + std::string(1'000'000, ']')).is_ok());
  EXPECT_FALSE(parse_action("[1").is_ok());
  EXPECT_FALSE(parse_action("").is_ok());
}

}  // namespace
}  // namespace headroom
