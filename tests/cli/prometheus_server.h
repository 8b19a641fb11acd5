#pragma once

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/child.h"
#include "run_binary.h"

namespace headroom::testing {

// A real Prometheus on a loopback port of its own, with what a test has written into its database. Ends with the test.
class PrometheusServer {
 public:
  static bool available() { return std::system("command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1") == 0; }

  // Samples as OpenMetrics text with times, without its end; before start().
  bool fill(const std::string& samples) const {
    const std::string file = folder_.write("samples.om", samples + "# EOF\n");
    // Few large blocks: each takes a tenth of a second.
    return run_shell("promtool tsdb create-blocks-from --max-block-duration=720h openmetrics " + quoted(file) + " " +
                     quoted(folder_.file("data")))
               .code == 0;
  }
  // With a file for `--web.config.file`, for TLS and users.
  bool start(const std::string& web_config = {}) {
    std::vector<std::string> command = {"prometheus", "--config.file=" + folder_.write("prometheus.yml", "global: {scrape_interval: 1m}\n"),
                                        "--storage.tsdb.path=" + folder_.file("data"), "--storage.tsdb.retention.time=100y",
                                        "--web.listen-address=" + (address_.empty() ? "127.0.0.1:0" : address_)};
    if (!web_config.empty()) command.push_back("--web.config.file=" + folder_.write("web.yml", web_config));
    const std::string log = folder_.file("log" + std::to_string(++starts_));
    auto child = Child::start({command, log});
    if (!child) return false;
    child_.emplace(std::move(*child));
    // As long as it runs: waits a little each time without an end.
    for (int look = 0; look < 6000 && !child_->wait(10); ++look) {
      const std::string said = read_text(log);
      if (said.find("Server is ready to receive web requests") == std::string::npos) continue;
      const std::string mark = "msg=\"Listening on\" address=";
      const size_t at = said.find(mark) + mark.size();
      address_ = said.substr(at, said.find_first_of(" \n", at) - at);
      return true;
    }
    ADD_FAILURE() << read_text(log);
    return false;
  }
  void kill() { child_.reset(); }
  // At the same address.
  bool restart() {
    kill();
    return start();
  }

  const std::string& address() const { return address_; }
  std::string url() const { return "http://" + address_; }
  std::string port() const { return address_.substr(address_.rfind(':') + 1); }

 private:
  TestFolder folder_;
  std::optional<Child> child_;
  std::string address_;
  int starts_ = 0;
};

}  // namespace headroom::testing
