#include "cli/prometheus_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <mutex>

#include "cli/child.h"
#include "kit/metadata_stand_in.h"
#include "run_binary.h"

namespace headroom::testing {
namespace {

using kit::MetadataStandIn;
using kit::StandInAnswer;
using kit::StandInRequest;

const std::string kNothing = R"({"status":"success","data":{"resultType":"matrix","result":[]}})";
constexpr CollectWindow kWindow = {1'760'000'010'000, 1'760'000'070'250, 15'000};

PrometheusOptions at(const std::string& url) {
  PrometheusOptions out;
  out.url = *parse_http_url(url);
  out.retry_for_ms = 10'000;
  return out;
}

// The value of a field of a form.
std::string field(const std::string& form, const std::string& name) {
  const size_t begin = form.find(name + "=") + name.size() + 1;
  return form.substr(begin, form.find('&', begin) - begin);
}

TEST(PrometheusClient, asks_as_the_api_wants_it) {
  const TestFolder folder;
  const std::string token = folder.write("token", "first\n");
  std::mutex mutex;
  std::vector<StandInRequest> asked;
  MetadataStandIn server([&](const StandInRequest& request) {
    const std::lock_guard lock(mutex);
    asked.push_back(request);
    return StandInAnswer{200, kNothing};
  });
  StopSignals stop;
  PrometheusOptions options = at(server.endpoint() + "/prefix");
  options.credentials.secret = Reference{Reference::Kind::kFile, token};
  PrometheusClient client(options, stop);
  ASSERT_TRUE(client.ask("sum(a)", kWindow, 5000));
  folder.write("token", "second\n");
  ASSERT_TRUE(client.ask("sum(a)", kWindow, 5000));
  const std::lock_guard lock(mutex);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].method, "POST");
  EXPECT_EQ(asked[0].target, "/prefix/api/v1/query_range");
  EXPECT_EQ(asked[0].headers.at("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(asked[0].body, "query=sum%28a%29&start=1760000010.000&end=1760000070.250&step=15.000");
  EXPECT_EQ(asked[0].headers.at("authorization"), "Bearer first");
  EXPECT_EQ(asked[1].headers.at("authorization"), "Bearer second");
}

TEST(PrometheusClient, tells_what_may_pass_from_what_may_not) {
  std::atomic<unsigned> status = 0;
  std::string body;
  MetadataStandIn server([&](const StandInRequest&) { return StandInAnswer{status, body, {{"Location", "/graph"}}}; });
  StopSignals stop;
  PrometheusClient client(at(server.endpoint()), stop);
  const std::vector<std::tuple<unsigned, std::string, Code, std::string>> cases = {
      {400, R"({"errorType":"bad_data","error":"parse error"})", Code::kInvalid, "refuses the query (HTTP 400: bad_data: parse error)"},
      {422, R"({"errorType":"execution","error":"many-to-many"})", Code::kInvalid, "(HTTP 422: execution: many-to-many)"},
      {422, R"({"errorType":"execution","error":"query processing would load too many samples into memory"})", Code::kExhausted, "limit"},
      {401, "Unauthorized", Code::kDenied, "does not let us ask (HTTP 401)"},
      {403, "", Code::kDenied, "(HTTP 403)"},
      {404, "", Code::kNotFound, "has no /api/v1/query_range"},
      {302, "", Code::kInvalid, "sends us to /graph (HTTP 302)"},
      {429, "", Code::kUnavailable, "cannot answer now (HTTP 429)"},
      {503, R"({"errorType":"timeout","error":"query timed out"})", Code::kUnavailable, "(HTTP 503: timeout: query timed out)"},
      {200, "<html>", Code::kCorrupt, "this is not how Prometheus answers"},
  };
  for (const auto& [code, text, expected, sentence] : cases) {
    status = code;
    body = text;
    const auto answer = client.ask("a", kWindow, 5000);
    EXPECT_EQ(answer.status().code(), expected) << code;
    EXPECT_NE(answer.status().message().find(sentence), std::string::npos) << answer.status().message();
  }
}

TEST(PrometheusClient, asks_again_only_while_that_may_do) {
  std::atomic<int> asked = 0;
  std::atomic<unsigned> later = 200;
  MetadataStandIn server([&](const StandInRequest&) { return ++asked < 3 ? StandInAnswer{503, ""} : StandInAnswer{later, kNothing}; });
  StopSignals stop;
  PrometheusClient client(at(server.endpoint()), stop);
  EXPECT_TRUE(client.ask_patiently("a", kWindow));
  EXPECT_EQ(asked, 3);
  asked = 0;
  later = 400;
  EXPECT_EQ(client.ask_patiently("a", kWindow).status().code(), Code::kInvalid);
  EXPECT_EQ(asked, 3);
}

std::vector<std::string> collect(const std::string& url, const std::string& out) {
  return {HEADROOM_BINARY, "collect", "--url", url,        "--from", "1760000010000", "--to",
          "1760001495000", "--out",   out,     "--target", "t",      "--query",       "a=a"};
}

TEST(CollectFromStandIn, asks_for_half_where_all_is_too_much) {
  std::mutex mutex;
  std::vector<std::pair<double, double>> asked;
  MetadataStandIn server([&](const StandInRequest& request) {
    const double begin = std::stod(field(request.body, "start"));
    const double end = std::stod(field(request.body, "end"));
    const std::lock_guard lock(mutex);
    asked.emplace_back(begin, end);
    if (end - begin <= 15 * 24) return StandInAnswer{200, kNothing};
    return StandInAnswer{422, R"({"errorType":"execution","error":"query processing would load too many samples into memory"})"};
  });
  const TestFolder folder;
  auto child = Child::start({collect(server.endpoint(), folder.file("out")), folder.file("log")});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(30'000), 0) << read_text(folder.file("log"));
  const std::lock_guard lock(mutex);
  // 100 steps and 50 are refused; then four times 25, without a hole.
  ASSERT_EQ(asked.size(), 6u);
  for (size_t i = 2; i < 6; ++i) {
    EXPECT_EQ(asked[i].first, 1'760'000'010 + 15.0 * 25 * static_cast<double>(i - 2));
    EXPECT_EQ(asked[i].second, asked[i].first + 15 * 24);
  }
}

TEST(CollectFromStandIn, ends_at_once_on_sigterm_while_nobody_answers) {
  std::atomic<bool> asked = false;
  MetadataStandIn server([&](const StandInRequest&) {
    asked = true;
    return StandInAnswer{200, "", {}, true};
  });
  const TestFolder folder;
  auto child = Child::start({collect(server.endpoint(), folder.file("out")), folder.file("log")});
  ASSERT_TRUE(child);
  while (!asked && !child->wait(10)) {
  }
  child->signal(SIGTERM);
  EXPECT_EQ(child->wait(20'000), 0) << read_text(folder.file("log"));
  EXPECT_NE(read_text(folder.file("log")).find("stopped by a signal"), std::string::npos);
}

}  // namespace
}  // namespace headroom::testing
