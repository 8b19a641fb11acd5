#include "kafka/client.h"

#include <gtest/gtest.h>

#include "kafka/error.h"
#include "kafka/kafka.h"

namespace headroom {
namespace {

TEST(KafkaClient, takes_the_defaults) {
  EXPECT_TRUE(check_kafka_properties({}).empty());
}

TEST(KafkaClient, refuses_a_property_that_correctness_needs_otherwise) {
  KafkaConfig config;
  config.consumer_properties["isolation.level"] = "read_uncommitted";
  const auto wrong = check_kafka_properties(config);
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_EQ(wrong[0].code(), Code::kInvalid);
  EXPECT_EQ(wrong[0].message(), "kafka.properties: isolation.level must stay read_committed: correctness depends on it");
}

TEST(KafkaClient, takes_a_required_property_that_says_the_same) {
  KafkaConfig config;
  config.producer_properties["acks"] = "-1";
  config.consumer_properties["isolation.level"] = "read_committed";
  EXPECT_TRUE(check_kafka_properties(config).empty());
}

TEST(KafkaClient, names_a_property_that_the_library_does_not_know) {
  KafkaConfig config;
  config.properties["fetch.wait.max.seconds"] = "1";
  const auto wrong = check_kafka_properties(config);
  ASSERT_FALSE(wrong.empty());
  EXPECT_NE(wrong[0].message().find("fetch.wait.max.seconds"), std::string::npos);
}

TEST(KafkaClient, never_tells_a_value_that_may_be_secret) {
  KafkaConfig config;
  config.properties["enable.sasl.oauthbearer.unsecure.jwt"] = "s3cret";
  const auto wrong = check_kafka_properties(config);
  ASSERT_FALSE(wrong.empty());
  for (const auto& status : wrong) {
    EXPECT_NE(status.message().find("enable.sasl.oauthbearer.unsecure.jwt"), std::string::npos);
    EXPECT_EQ(status.message().find("s3cret"), std::string::npos) << status.message();
  }
}

TEST(KafkaClient, lets_the_user_override_what_is_only_a_default) {
  KafkaConfig config;
  config.consumer_properties["fetch.wait.max.ms"] = "7";
  auto conf = make_conf(config, client_plan(config, RD_KAFKA_CONSUMER));
  ASSERT_TRUE(conf) << conf.status().to_string();
  char value[32];
  size_t size = sizeof value;
  ASSERT_EQ(rd_kafka_conf_get(conf->get(), "fetch.wait.max.ms", value, &size), RD_KAFKA_CONF_OK);
  EXPECT_STREQ(value, "7");
}

TEST(KafkaError, tells_passing_from_final_faults) {
  EXPECT_EQ(kafka_code(RD_KAFKA_RESP_ERR__TRANSPORT), Code::kUnavailable);
  EXPECT_EQ(kafka_code(RD_KAFKA_RESP_ERR__TIMED_OUT), Code::kTimeout);
  EXPECT_EQ(kafka_code(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), Code::kDenied);
  EXPECT_EQ(kafka_code(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), Code::kNotFound);
  EXPECT_EQ(kafka_code(RD_KAFKA_RESP_ERR_NO_ERROR), Code::kOk);
  EXPECT_EQ(kafka_code(RD_KAFKA_RESP_ERR__FAIL), Code::kInternal);
  EXPECT_TRUE(kafka_status(RD_KAFKA_RESP_ERR_NO_ERROR, "doing"));
}

TEST(KafkaError, tells_a_lost_membership_from_a_taken_slot) {
  EXPECT_TRUE(is_lost_membership(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION));
  EXPECT_TRUE(is_lost_membership(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID));
  EXPECT_FALSE(is_lost_membership(RD_KAFKA_RESP_ERR__FENCED));
  EXPECT_TRUE(is_fenced(RD_KAFKA_RESP_ERR__FENCED));
  EXPECT_TRUE(is_fenced(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID));
  EXPECT_FALSE(is_fenced(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION));
}

}  // namespace
}  // namespace headroom
