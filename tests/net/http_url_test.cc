#include "net/http_url.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

TEST(HttpUrl, is_read_in_all_its_parts) {
  const auto url = parse_http_url("https://prometheus.example:9443/prefix/");
  ASSERT_TRUE(url) << url.status().to_string();
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "prometheus.example");
  EXPECT_EQ(url->port, 9443);
  EXPECT_EQ(url->path, "/prefix");
  EXPECT_EQ(url->shown(), "https://prometheus.example:9443/prefix");
}

TEST(HttpUrl, has_the_port_of_its_scheme_unless_it_names_one) {
  EXPECT_EQ(parse_http_url("http://a")->port, 80);
  EXPECT_EQ(parse_http_url("https://a/")->port, 443);
  EXPECT_EQ(parse_http_url("https://a")->host_field(), "a");
  EXPECT_EQ(parse_http_url("http://a:443")->host_field(), "a:443");
}

TEST(HttpUrl, takes_addresses_of_both_kinds) {
  const auto url = parse_http_url("http://[::1]:9090");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->host_field(), "[::1]:9090");
  EXPECT_TRUE(url->numeric());
  EXPECT_TRUE(url->loopback());
  EXPECT_TRUE(parse_http_url("http://127.0.0.1")->loopback());
  EXPECT_FALSE(parse_http_url("http://127.example.org")->loopback());
  EXPECT_FALSE(parse_http_url("http://10.0.0.1")->loopback());
}

TEST(HttpUrl, says_what_is_wrong) {
  for (const char* text : {"", "a:9090", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:99999", "http://a:b", "http://[::1",
                           "http://[a]", "http://[::1]x", "http://a?b=c", "http://a/#d", "http://a b", "http://a:80:90"}) {
    const auto url = parse_http_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.status().code(), Code::kInvalid) << text;
    EXPECT_NE(url.status().message().find("expected http://"), std::string::npos) << text;
  }
}

TEST(HttpUrl, never_repeats_a_password) {
  for (const char* text : {"http://user:secret@a:9090/x", "http://secret@a", "user:secret@a"}) {
    const auto url = parse_http_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.status().message().find("secret"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace headroom
