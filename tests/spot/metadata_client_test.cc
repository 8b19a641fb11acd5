#include "spot/metadata_client.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include "kit/metadata_stand_in.h"

namespace headroom {
namespace {

using kit::MetadataStandIn;
using kit::StandInAnswer;
using kit::StandInRequest;

int64_t ms_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
}

TEST(MetadataClient, gives_status_body_and_flavor) {
  MetadataStandIn service([](const StandInRequest& request) {
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target, "/a?b=c");
    EXPECT_EQ(request.headers.at("metadata"), "true");
    return StandInAnswer{404, "nothing", {{"Metadata-Flavor", "Google"}}};
  });
  MetadataClient client(service.endpoint());
  const auto answer = client.ask({.put = false, .target = "/a?b=c", .headers = {{"Metadata", "true"}}});
  ASSERT_TRUE(answer) << answer.status().to_string();
  EXPECT_EQ(answer->status, 404u);
  EXPECT_EQ(answer->body, "nothing");
  EXPECT_EQ(answer->flavor, "Google");
}

TEST(MetadataClient, does_not_follow_elsewhere) {
  int asked = 0;
  MetadataStandIn service([&](const StandInRequest&) {
    ++asked;
    return StandInAnswer{302, "", {{"Location", "/other"}}};
  });
  MetadataClient client(service.endpoint());
  const auto answer = client.ask({.put = false, .target = "/"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302u);
  EXPECT_EQ(asked, 1);
}

TEST(MetadataClient, asks_all_at_once_and_keeps_their_order) {
  MetadataStandIn service([](const StandInRequest& request) {
    return StandInAnswer{200, request.method + request.target, {}, request.target == "/1"};
  });
  MetadataClient client(service.endpoint());
  const std::array<MetadataRequest, 3> requests = {MetadataRequest{.put = true, .target = "/0"},
                                                   MetadataRequest{.put = false, .target = "/1", .headers = {}, .timeout_ms = 200},
                                                   MetadataRequest{.put = false, .target = "/2"}};
  const auto answers = client.ask_all(requests);
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].value().body, "PUT/0");
  EXPECT_EQ(answers[1].status().code(), Code::kTimeout);
  EXPECT_EQ(answers[2].value().body, "GET/2");
}

TEST(MetadataClient, gives_up_on_a_service_that_is_silent_or_slow) {
  MetadataStandIn service([](const StandInRequest& request) {
    return request.target == "/silent" ? StandInAnswer{200, "", {}, true} : StandInAnswer{200, std::string(10'000, 'x'), {}, false, 20};
  });
  MetadataClient client(service.endpoint());
  for (const char* target : {"/silent", "/slow"}) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(client.ask({.put = false, .target = target, .headers = {}, .timeout_ms = 200}).status().code(), Code::kTimeout) << target;
    EXPECT_LT(ms_since(began), 5000) << target;
  }
}

TEST(MetadataClient, takes_no_more_than_it_must_hold) {
  MetadataStandIn service([](const StandInRequest& request) {
    const size_t size = MetadataClient::kMostBody + (request.target == "/more" ? 1 : 0);
    return StandInAnswer{200, std::string(size, 'x')};
  });
  MetadataClient client(service.endpoint());
  EXPECT_EQ(client.ask({.put = false, .target = "/most"}).value().body.size(), MetadataClient::kMostBody);
  EXPECT_EQ(client.ask({.put = false, .target = "/more"}).status().code(), Code::kExhausted);
}

TEST(MetadataClient, says_that_nobody_is_there) {
  std::string endpoint;
  {
    MetadataStandIn service([](const StandInRequest&) { return StandInAnswer(); });
    endpoint = service.endpoint();
  }
  MetadataClient client(endpoint);
  EXPECT_EQ(client.ask({.put = false, .target = "/"}).status().code(), Code::kUnavailable);
}

TEST(MetadataClient, takes_only_numeric_addresses) {
  for (const char* endpoint :
       {"", "169.254.169.254", "https://169.254.169.254", "http://metadata.internal", "http://1.2.3.4:99999", "http://[::1", "http://:80"})
    EXPECT_EQ(MetadataClient(endpoint).ask({.put = false, .target = "/"}).status().code(), Code::kInvalid) << endpoint;
  EXPECT_EQ(MetadataClient("http://[::1]:1").ask({.put = false, .target = "/"}).status().code(), Code::kUnavailable);
}

TEST(MetadataClient, ends_at_once_when_cancelled) {
  MetadataStandIn service([](const StandInRequest&) { return StandInAnswer{200, "", {}, true}; });
  MetadataClient client(service.endpoint());
  const auto began = std::chrono::steady_clock::now();
  std::thread canceller([&] { client.cancel(); });
  EXPECT_EQ(client.ask({.put = false, .target = "/", .headers = {}, .timeout_ms = 60'000}).status().code(), Code::kAborted);
  canceller.join();
  EXPECT_EQ(client.ask({.put = false, .target = "/", .headers = {}, .timeout_ms = 60'000}).status().code(), Code::kAborted);
  EXPECT_LT(ms_since(began), 30'000);
}

}  // namespace
}  // namespace headroom
