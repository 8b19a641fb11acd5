// `headroom collect` against a real Prometheus that the test has filled.

#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/child.h"
#include "cli/collect_window.h"
#include "cli/prometheus_client.h"
#include "cli/stop_signals.h"
#include "kit/tls_fixture.h"
#include "prometheus_server.h"

namespace headroom::testing {
namespace {

using Json = nlohmann::json;

constexpr int64_t kBegin = 1'760'000'010;  // seconds; a multiple of 15
constexpr int64_t kSteps = 25'000;         // more than twice what one answer may hold
constexpr int64_t kLastMs = (kBegin + 15 * (kSteps - 1)) * 1000;

double load_of(int64_t step, int app) {
  return std::round(1000 * (100 + 10 * std::sin(static_cast<double>(step) / 100))) / 1000 + app;
}

// Two apps with a value each 15 s, some not finite, and one that is there for an hour only.
std::string samples() {
  std::ostringstream out;
  out.precision(17);
  out << "# TYPE load gauge\n# TYPE replicas gauge\n";
  for (int app = 0; app < 2; ++app)
    for (int64_t step = 0; step < kSteps; ++step) {
      out << "load{app=\""
          << "ab"[app] << "\"} ";
      step % 1000 == 7 ? out << (app == 0 ? "NaN" : "+Inf") : out << load_of(step, app);
      out << ' ' << kBegin + 15 * step << '\n';
    }
  for (int64_t step = 100; step < 340; ++step) out << "replicas{app=\"a\"} " << step / 100 << ' ' << kBegin + 15 * step << '\n';
  return out.str();
}

std::vector<std::string> rows_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

class CollectPrometheus : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!PrometheusServer::available()) GTEST_SKIP() << "there is no prometheus or promtool here";
    ASSERT_TRUE(server.fill(samples()));
    ASSERT_TRUE(server.start());
  }

  std::vector<std::string> words(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> made = {"collect",
                                     "--url",
                                     server.url(),
                                     "--from",
                                     std::to_string(kBegin * 1000),
                                     "--to",
                                     std::to_string(kLastMs),
                                     "--out",
                                     folder.file(out),
                                     "--target",
                                     "prod/shop/Deployment/{app}",
                                     "--query",
                                     "load=load"};
    made.insert(made.end(), more.begin(), more.end());
    return made;
  }
  Ran collect(const std::string& out, const std::vector<std::string>& more = {}) const { return run_headroom(words(out, more)); }

  Child start(const std::string& out, const std::vector<std::string>& more) const {
    std::vector<std::string> command = words(out, more);
    command.insert(command.begin(), HEADROOM_BINARY);
    auto child = Child::start({command, folder.file("log")});
    EXPECT_TRUE(child) << child.status().to_string();
    return std::move(*child);
  }

  std::string csv(const std::string& out, const std::string& app) const {
    return read_text(folder.file(out) + "/prod_shop_Deployment_" + app + ".csv");
  }

  int64_t reached(const std::string& out) const {
    const Json progress = Json::parse(read_text(folder.file(out) + "/progress.json"), nullptr, false);
    return progress.is_object() ? progress.at("next_ms").get<int64_t>() : 0;
  }

  TestFolder folder;
  PrometheusServer server;
};

TEST_F(CollectPrometheus, gives_every_finite_value_of_more_points_than_one_answer_holds) {
  const Ran ran = collect("out");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("49950 values, 50 not finite; 49950 rows in 2 files"), std::string::npos) << ran.err;
  for (int app = 0; app < 2; ++app) {
    const auto rows = rows_of(csv("out", app == 0 ? "a" : "b"));
    ASSERT_EQ(rows.size(), 1u + kSteps - kSteps / 1000);
    EXPECT_EQ(rows[0], "time_ms,value");
    size_t row = 1;
    for (int64_t step = 0; step < kSteps; ++step) {
      if (step % 1000 == 7) continue;
      const size_t comma = rows[row].find(',');
      ASSERT_EQ(rows[row].substr(0, comma), std::to_string((kBegin + 15 * step) * 1000));
      ASSERT_EQ(std::stod(rows[row].substr(comma + 1)), load_of(step, app));
      ++row;
    }
  }
  const Ran again = collect("out");
  EXPECT_EQ(again.code, 0);
  EXPECT_NE(again.err.find("an earlier run has collected everything before this"), std::string::npos) << again.err;
}

TEST_F(CollectPrometheus, joins_queries_as_columns_and_leaves_cells_empty) {
  auto asked = words("out", {"--query", "replicas=replicas"});
  asked[6] = std::to_string((kBegin + 15 * 200) * 1000);
  ASSERT_EQ(run_headroom(asked).code, 0);
  const auto rows = rows_of(csv("out", "a"));
  ASSERT_EQ(rows.size(), 201u);
  EXPECT_EQ(rows[0], "time_ms,value,replicas");
  EXPECT_EQ(rows[1], std::to_string(kBegin * 1000) + ",100,");
  EXPECT_TRUE(rows[200].ends_with(",2")) << rows[200];
  EXPECT_TRUE(rows_of(csv("out", "b"))[200].ends_with(",")) << "no replicas of b";
}

TEST_F(CollectPrometheus, is_read_by_feed) {
  ASSERT_EQ(collect("out").code, 0);
  const Ran fed = run_headroom({"feed", "--print", "--csv", folder.file("out") + "/prod_shop_Deployment_a.csv", "--time-column", "time_ms",
                                "--target", "prod/shop/Deployment/a", "--map", "load=value"});
  EXPECT_EQ(fed.code, 0) << fed.err;
  EXPECT_EQ(rows_of(fed.out).size(), 24'975u);
  EXPECT_EQ(rows_of(fed.out)[0], R"({"target":"prod/shop/Deployment/a","metric":"load","time_ms":1760000010000,"value":100})");
}

TEST_F(CollectPrometheus, goes_on_after_kills_as_if_there_had_been_none) {
  ASSERT_EQ(collect("whole").code, 0);
  int kills = 0;
  for (bool ended = false; !ended;) {
    const int64_t before = reached("killed");
    Child child = start("killed", {"--batch", "50"});
    // A few batches each time: wherever it is then.
    while (!ended && reached("killed") < before + 60LL * 50 * 15'000) ended = child.wait(1).has_value();
    if (ended) {
      EXPECT_EQ(child.wait(0), 0) << read_text(folder.file("log"));
      break;
    }
    child.signal(SIGKILL);
    child.wait(10'000);
    ++kills;
  }
  EXPECT_GE(kills, 3);
  for (const char* app : {"a", "b"}) EXPECT_EQ(csv("killed", app), csv("whole", app)) << app;
}

TEST_F(CollectPrometheus, ends_on_sigterm_and_goes_on_later) {
  ASSERT_EQ(collect("whole").code, 0);
  {
    Child child = start("stopped", {"--batch", "50"});
    while (reached("stopped") < (kBegin + 15 * 500) * 1000 && !child.wait(1)) {
    }
    child.signal(SIGTERM);
    EXPECT_EQ(child.wait(20'000), 0);
  }
  EXPECT_NE(read_text(folder.file("log")).find("stopped by a signal"), std::string::npos);
  EXPECT_LT(csv("stopped", "a").size(), csv("whole", "a").size());
  EXPECT_EQ(collect("stopped").code, 0);
  EXPECT_EQ(csv("stopped", "a"), csv("whole", "a"));
}

TEST_F(CollectPrometheus, waits_for_a_server_that_is_away) {
  ASSERT_EQ(collect("whole").code, 0);
  Child child = start("waited", {"--batch", "50"});
  while (reached("waited") < (kBegin + 15 * 500) * 1000 && !child.wait(1)) {
  }
  server.kill();
  while (read_text(folder.file("log")).find("it is asked again") == std::string::npos && !child.wait(10)) {
  }
  ASSERT_TRUE(server.restart());
  EXPECT_EQ(child.wait(60'000), 0) << read_text(folder.file("log"));
  EXPECT_EQ(csv("waited", "a"), csv("whole", "a"));
}

TEST_F(CollectPrometheus, gives_up_with_3_when_it_stays_away) {
  server.kill();
  const Ran ran = collect("out", {"--retry-for", "300ms"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("headroom: query load (load) from 2025-10-09T08:53:30Z to "), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("Prometheus at " + server.url() + " does not answer: "), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("tried again for 300ms"), std::string::npos) << ran.err;
}

TEST_F(CollectPrometheus, says_with_2_what_is_wrong_with_a_query_and_lets_it_be_mended) {
  auto wrong = words("out");
  wrong.back() = "load=sum(load";
  const Ran ran = run_headroom(wrong);
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("headroom: query load (sum(load) from "), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("refuses the query (HTTP 400: bad_data: "), std::string::npos) << ran.err;
  EXPECT_EQ(collect("out").code, 0);

  wrong = words("sum");
  wrong.back() = "load=sum(load)";
  const Ran unnamed = run_headroom(wrong);
  EXPECT_EQ(unnamed.code, 2);
  EXPECT_NE(unnamed.err.find("no series has the labels that --target needs: query load: a series has no label app; it has none"),
            std::string::npos)
      << unnamed.err;

  wrong = words("same");
  wrong[10] = "prod/shop/Deployment/x";
  const Ran same = run_headroom(wrong);
  EXPECT_EQ(same.code, 2);
  EXPECT_NE(same.err.find("gives several series for the target prod/shop/Deployment/x"), std::string::npos) << same.err;

  wrong = words("path");
  wrong[2] += "/nowhere";
  const Ran path = run_headroom(wrong);
  EXPECT_EQ(path.code, 2);
  EXPECT_NE(path.err.find("does --url lack a path? (HTTP 404"), std::string::npos) << path.err;
}

TEST_F(CollectPrometheus, asks_for_less_when_the_server_has_a_lower_limit) {
  StopSignals stop;
  PrometheusOptions options;
  options.url = *parse_http_url(server.url());
  PrometheusClient client(options, stop);
  // One step more than Prometheus gives is refused as too much, not as wrong.
  const CollectWindow window = window_of(kBegin * 1000, kLastMs, 15'000);
  EXPECT_EQ(client.ask("load", window, 10'000).status().code(), Code::kExhausted);
  EXPECT_TRUE(client.ask("load", window.first(PrometheusClient::kMostPoints), 10'000));
}

class CollectGuardedPrometheus : public CollectPrometheus {
 protected:
  void SetUp() override {
    if (!PrometheusServer::available()) GTEST_SKIP() << "there is no prometheus or promtool here";
    ASSERT_TRUE(files.ok());
    ASSERT_TRUE(server.fill("# TYPE load gauge\nload{app=\"a\"} 1.5 " + std::to_string(kBegin) + "\n"));
    // The password is s3cret.
    ASSERT_TRUE(server.start("tls_server_config:\n  cert_file: " + files.file("server.pem") + "\n  key_file: " + files.file("server.key") +
                             "\nbasic_auth_users:\n  reader: $2b$04$wYf23bWjJqc24iWoJ4d6du1r1LStzomoqBxQeTEFbTim7lfHJlW7a\n"));
  }
  std::vector<std::string> secure(const std::string& out, const std::vector<std::string>& more) const {
    auto made = words(out, more);
    made[2] = "https://localhost:" + server.port();
    made.insert(made.end(), {"--ca-file", files.file("ca.pem")});
    return made;
  }

  kit::TlsFixture files;
};

TEST_F(CollectGuardedPrometheus, is_asked_with_tls_and_a_password) {
  const std::string secret = folder.write("secret", "s3cret\n");
  const Ran ran = run_headroom(secure("out", {"--user", "reader", "--password-file", secret}));
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(csv("out", "a").starts_with("time_ms,value\n1760000010000,1.5\n"));
  EXPECT_EQ(ran.err.find("s3cret"), std::string::npos);
  setenv("COLLECT_TEST_PASSWORD", "s3cret", 1);
  EXPECT_EQ(run_headroom(secure("env", {"--user", "reader", "--password-env", "COLLECT_TEST_PASSWORD"})).code, 0);
}

TEST_F(CollectGuardedPrometheus, ends_with_3_when_it_lets_nobody_in) {
  const std::string secret = folder.write("secret", "wr0ng");
  const Ran ran = run_headroom(secure("out", {"--user", "reader", "--password-file", secret}));
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("does not let us ask (HTTP 401)"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("wr0ng"), std::string::npos);
  EXPECT_EQ(run_headroom(secure("out", {"--token-file", secret})).code, 3);
  auto foreign = secure("out", {"--user", "reader", "--password-file", secret});
  foreign.back() = files.file("foreign.pem");
  const Ran refused = run_headroom(foreign);
  EXPECT_EQ(refused.code, 3);
  EXPECT_NE(refused.err.find("the certificate of Prometheus at https://localhost:"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace headroom::testing
