// What a group has committed of a topic, and what CPU time a process has used by then: a line at each change. From outside, so the same for
// every engine.
//
//   commit_watch --brokers 127.0.0.1:9092 --group a --topic t --pid 123 --until 1000000
//
// Lines of JSON: time (wall, seconds), committed (records, of all partitions), cpu_s. Ends when --until records are committed or the
// process is gone.

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "kafka/probe.h"
#include "kafka/topic_reader.h"

namespace headroom::bench {
namespace {

struct WatchOptions {
  std::string brokers;
  std::string group;
  std::string topic;
  int pid = 0;
  int64_t until = INT64_MAX;
  int every_ms = 50;
};

// User and system time of all threads; below 0 when there is no such process, 0 when none is watched.
double cpu_seconds(int pid) {
  if (pid == 0) return 0;
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return -1;
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Status watch(const WatchOptions& options) {
  KafkaConfig kafka;
  kafka.brokers = options.brokers;
  const auto bounds = topic_bounds(kafka, options.topic, 30'000);
  if (!bounds) return bounds.status();
  std::vector<Partition> partitions;
  for (const auto& one : *bounds) partitions.push_back(one.partition);
  auto probe = GroupProbe::make(kafka, options.group, options.topic);
  if (!probe) return probe.status();
  for (int64_t last = -1; last < options.until;) {
    const auto committed = (*probe)->committed(partitions, 10'000);
    const double now = wall_seconds();
    const double cpu = cpu_seconds(options.pid);
    if (cpu < 0) return Status(Code::kNotFound, "process " + std::to_string(options.pid) + " is gone");
    int64_t records = 0;
    if (committed) {
      for (const Committed& one : *committed) records += one.offset.value_or(0);
    }
    if (committed && records != last) {
      std::printf("{\"time\":%.6f,\"committed\":%lld,\"cpu_s\":%.2f}\n", now, static_cast<long long>(records), cpu);
      std::fflush(stdout);
      last = records;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(options.every_ms));
  }
  return Status::ok();
}

int run(int argc, char** argv) {
  WatchOptions options;
  CLI::App app("Tells what a group commits and what CPU time its process takes.");
  app.add_option("--brokers", options.brokers)->required();
  app.add_option("--group", options.group)->required();
  app.add_option("--topic", options.topic)->required();
  app.add_option("--pid", options.pid, "Whose CPU time is told");
  app.add_option("--until", options.until, "Records");
  app.add_option("--every-ms", options.every_ms)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const Status status = watch(options);
  if (!status) std::fprintf(stderr, "commit_watch: %s\n", status.message().c_str());
  return status ? 0 : 3;
}

}  // namespace
}  // namespace headroom::bench

int main(int argc, char** argv) {
  return headroom::bench::run(argc, argv);
}
