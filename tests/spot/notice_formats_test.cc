#include <gtest/gtest.h>

#include <string>

#include "base/time_text.h"
#include "spot/aws_metadata.h"
#include "spot/azure_metadata.h"
#include "spot/gcp_metadata.h"

namespace headroom {
namespace {

int64_t at(const char* time) {
  return parse_rfc3339(time).value();
}

std::string azure_event(const std::string& type, const std::string& status, const std::string& machine, const std::string& not_before) {
  return R"({"EventId":"e-1","EventType":")" + type + R"(","ResourceType":"VirtualMachine","Resources":["other",")" + machine +
         R"("],"EventStatus":")" + status + R"(","NotBefore":")" + not_before +
         R"(","Description":"","EventSource":"Platform","DurationInSeconds":-1})";
}
std::string azure(const std::string& events) {
  return R"({"DocumentIncarnation":2,"Events":[)" + events + "]}";
}

TEST(AwsNotice, has_the_action_and_the_time) {
  const auto notice = parse_instance_action(R"({"action": "terminate", "time": "2026-09-18T08:22:00Z"})");
  ASSERT_TRUE(notice);
  EXPECT_EQ(*notice, (Notice{SpotProvider::kAws, NoticeKind::kTerminate, at("2026-09-18T08:22:00Z")}));
  EXPECT_EQ(parse_instance_action(R"({"action":"stop","time":"2026-09-18T08:22:00Z"})")->kind, NoticeKind::kStop);
  EXPECT_EQ(parse_instance_action(R"({"action":"hibernate","time":"2026-09-18T08:22:00Z"})")->kind, NoticeKind::kHibernate);
}

TEST(AwsNotice, of_an_unknown_action_or_time_is_to_terminate_at_any_moment) {
  for (const char* body : {R"({"action":"evaporate"})", "{}", R"({"action":7,"time":8})", R"({"action":"terminate","time":"tomorrow"})"}) {
    const auto notice = parse_instance_action(body);
    ASSERT_TRUE(notice) << body;
    EXPECT_EQ(*notice, (Notice{SpotProvider::kAws, NoticeKind::kTerminate, 0})) << body;
  }
}

TEST(AwsNotice, is_not_made_of_what_is_no_json) {
  for (const char* body : {"", "terminate", "[]", "{\"action\":", "<html>404</html>", "null"})
    EXPECT_EQ(parse_instance_action(body).status().code(), Code::kCorrupt) << body;
}

TEST(AwsNotice, of_a_rebalance_has_the_time_of_the_recommendation) {
  const auto notice = parse_rebalance_recommendation(R"({"noticeTime":"2026-10-27T08:22:00Z"})");
  ASSERT_TRUE(notice);
  EXPECT_EQ(*notice, (Notice{SpotProvider::kAws, NoticeKind::kRebalance, at("2026-10-27T08:22:00Z")}));
  EXPECT_EQ(parse_rebalance_recommendation("no").status().code(), Code::kCorrupt);
}

TEST(GcpNotice, is_the_word_true) {
  EXPECT_EQ(parse_preempted("TRUE\n").value(), (Notice{SpotProvider::kGcp, NoticeKind::kPreempt, 0}));
  EXPECT_EQ(parse_preempted("FALSE").value(), std::nullopt);
  for (const char* body : {"", "true", "TRUEFALSE", "<html>", "1"})
    EXPECT_EQ(parse_preempted(body).status().code(), Code::kCorrupt) << body;
}

TEST(GcpNotice, of_maintenance_is_only_one_that_ends_the_machine) {
  EXPECT_EQ(parse_maintenance_event("TERMINATE_ON_HOST_MAINTENANCE\n"), (Notice{SpotProvider::kGcp, NoticeKind::kMaintenance, 0}));
  for (const char* body : {"NONE", "MIGRATE_ON_HOST_MAINTENANCE", "", "SOMETHING_NEW"})
    EXPECT_EQ(parse_maintenance_event(body), std::nullopt) << body;
}

TEST(AzureNotice, has_the_kind_and_the_time) {
  const auto notices = parse_scheduled_events(azure(azure_event("Preempt", "Scheduled", "vm-7", "Mon, 19 Sep 2026 18:29:47 GMT")), "vm-7");
  ASSERT_TRUE(notices);
  ASSERT_EQ(notices->size(), 1u);
  EXPECT_EQ(notices->front(), (Notice{SpotProvider::kAzure, NoticeKind::kPreempt, at("2026-09-19T18:29:47Z")}));
  for (const auto& [type, kind] : {std::pair("Terminate", NoticeKind::kTerminate), std::pair("Reboot", NoticeKind::kReboot),
                                   std::pair("Redeploy", NoticeKind::kRedeploy)})
    EXPECT_EQ(parse_scheduled_events(azure(azure_event(type, "Scheduled", "vm-7", "")), "vm-7").value().at(0).kind, kind) << type;
}

TEST(AzureNotice, without_a_time_or_already_started_is_for_any_moment) {
  for (const auto& [status, time] :
       {std::pair("Scheduled", ""), std::pair("Started", "Mon, 19 Sep 2026 18:29:47 GMT"),
        std::pair("Scheduled", "Mon, 31 Feb 2026 18:29:47 GMT"), std::pair("Scheduled", "Mon, 19 Sep 2026 18:29:47"),
        std::pair("Scheduled", "Mon, 19 nSe 2026 18:29:47 GMT"), std::pair("Scheduled", "soon")})
    EXPECT_EQ(parse_scheduled_events(azure(azure_event("Preempt", status, "vm-7", time)), "vm-7").value().at(0).deadline_ms, 0)
        << status << time;
}

TEST(AzureNotice, is_none_for_other_machines_for_a_pause_and_when_cancelled) {
  EXPECT_TRUE(parse_scheduled_events(azure(azure_event("Preempt", "Scheduled", "vm-8", "")), "vm-7")->empty());
  EXPECT_TRUE(parse_scheduled_events(azure(azure_event("Preempt", "Scheduled", "vm-77", "")), "vm-7")->empty());
  EXPECT_TRUE(parse_scheduled_events(azure(azure_event("Freeze", "Scheduled", "vm-7", "")), "vm-7")->empty());
  EXPECT_TRUE(parse_scheduled_events(azure(azure_event("Preempt", "Canceled", "vm-7", "")), "vm-7")->empty());
  EXPECT_TRUE(parse_scheduled_events(azure(azure_event("Preempt", "Completed", "vm-7", "")), "vm-7")->empty());
  EXPECT_TRUE(parse_scheduled_events(azure(""), "vm-7")->empty());
  EXPECT_TRUE(parse_scheduled_events(azure(R"({"EventType":"Preempt","EventStatus":"Scheduled"})"), "vm-7")->empty());
}

TEST(AzureNotice, finds_its_machine_among_others_whatever_the_case) {
  const std::string events = azure_event("Preempt", "Scheduled", "vm-8", "") + "," + azure_event("Terminate", "Scheduled", "VM-7", "");
  const auto notices = parse_scheduled_events(azure(events), "vm-7");
  ASSERT_TRUE(notices);
  ASSERT_EQ(notices->size(), 1u);
  EXPECT_EQ(notices->front().kind, NoticeKind::kTerminate);
}

TEST(AzureNotice, is_not_made_of_what_is_no_document) {
  for (const char* body : {"", "{}", R"({"Events":{}})", R"({"Events":[1]})", R"({"Events":["x"]})", "<html/>", "{\"Events\":[{"})
    EXPECT_EQ(parse_scheduled_events(body, "vm-7").status().code(), Code::kCorrupt) << body;
}

}  // namespace
}  // namespace headroom
