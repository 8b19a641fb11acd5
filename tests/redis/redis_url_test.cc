#include "redis/redis_url.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

TEST(RedisUrl, names_a_host_a_port_and_a_database) {
  const auto url = parse_redis_url("redis://cache.example:6380/4");
  ASSERT_TRUE(url);
  EXPECT_FALSE(url->tls);
  EXPECT_EQ(url->host, "cache.example");
  EXPECT_EQ(url->port, 6380);
  EXPECT_EQ(url->db, 4);
  EXPECT_EQ(url->shown(), "cache.example:6380/4");
}

TEST(RedisUrl, has_defaults_for_port_and_database) {
  for (const char* text : {"rediss://h", "rediss://h/"}) {
    const auto url = parse_redis_url(text);
    ASSERT_TRUE(url) << text;
    EXPECT_TRUE(url->tls);
    EXPECT_EQ(url->port, 6379);
    EXPECT_EQ(url->db, 0);
  }
}

TEST(RedisUrl, takes_an_ipv6_host_in_brackets) {
  const auto url = parse_redis_url("redis://[::1]:7000/2");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 7000);
  EXPECT_EQ(url->shown(), "[::1]:7000/2");
}

TEST(RedisUrl, names_a_unix_socket) {
  const auto url = parse_redis_url("unix:///run/redis/redis.sock?db=2");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->socket_path, "/run/redis/redis.sock");
  EXPECT_EQ(url->db, 2);
  EXPECT_EQ(parse_redis_url("unix:///a.sock")->db, 0);
}

TEST(RedisUrl, refuses_a_password_inside_without_repeating_it) {
  for (const char* text : {"redis://:s3cret@host:6379/0", "redis://me:s3cret@host", "rediss://me@host", "redis://host/s3cret@0"}) {
    const auto url = parse_redis_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.status().message().find("s3cret"), std::string::npos);
    EXPECT_NE(url.status().message().find("redis.password"), std::string::npos);
  }
}

TEST(RedisUrl, refuses_what_it_does_not_know) {
  for (const char* text : {"", "redis:/h", "http://h", "redis://", "redis://:6379", "redis://h:0", "redis://h:65536", "redis://h:x",
                           "redis://h:", "redis://h/x", "redis://h/-1", "redis://h/1/2", "redis://h/0?x=1", "redis://[::1",
                           "redis://[::1]x", "unix://relative.sock", "unix://", "unix:///a?x=1"}) {
    EXPECT_EQ(parse_redis_url(text).status().code(), Code::kInvalid) << text;
  }
  EXPECT_FALSE(parse_redis_url("unix:///" + std::string(200, 'x')));
}

}  // namespace
}  // namespace headroom
