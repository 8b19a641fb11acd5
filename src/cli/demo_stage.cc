#include "cli/demo_stage.h"

#include <filesystem>
#include <fstream>

#include "base/concat.h"
#include "cli/config_file.h"
#include "cli/demo_redis.h"
#include "topologies/registry.h"

namespace headroom::demo {
namespace {

// Sessions are shorter than a real broker's least, so that a takeover can be waited for: the embedded broker needs the session timeout to
// notice a death and a second less than that again to hand the lanes out.
std::string config_text(const std::string& brokers, const std::string& redis) {
  return concat(R"(// Written by `headroom demo`.
{
  "installation": "demo",
  "kafka": {"brokers": ")",
                brokers, R"(", "session_timeout": "4s"},
  "redis": {"url": ")",
                redis, R"("},
  "http": {"listen": "127.0.0.1:0"},
  // The embedded broker has no transactions. A real one has: exactly_once is the default.
  "engine": {"delivery": "at_least_once", "checkpoint_interval": "2s"},
  "topologies": {"right_sizing": {}}
}
)");
}

constexpr int kVerifyMs = 60'000;

std::string own_binary() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "/proc/self/exe" : path.string();
}

}  // namespace

Result<std::unique_ptr<Stage>> Stage::set(int workers) {
  auto folder = TempFolder::make("headroom-demo");
  if (!folder) return folder.status();
  std::unique_ptr<Stage> stage(new Stage(std::move(*folder)));
  if (Status status = stage->start_servers(); !status) {
    if (status.code() != Code::kNotFound) stage->folder_.keep();
    return status;
  }
  if (Status status = stage->configure(); !status) return status;
  for (int i = 0; i < workers; ++i) {
    const std::string slot = concat("worker-", i < 26 ? std::string(1, static_cast<char>('a' + i)) : std::to_string(i));
    stage->workers_.emplace_back(own_binary(), stage->folder_.file("demo.json"), slot, stage->folder_.file(slot + ".log"));
  }
  return stage;
}

Status Stage::start_servers() {
  auto redis = start_redis(folder_.path());
  if (!redis) return redis.status();
  redis_ = std::move(*redis);
  auto broker = EmbeddedBroker::start();
  if (!broker) return broker.status();
  broker_ = std::move(*broker);
  return Status::ok();
}

Status Stage::configure() {
  const std::string file = folder_.file("demo.json");
  std::ofstream(file) << config_text(broker_->brokers(), redis_url(folder_.path()));
  std::vector<Mistake> mistakes;
  auto loaded = load_config({file, {}}, mistakes);
  if (!loaded)
    return Status(Code::kInternal, concat("the demo's own configuration: ", mistakes.empty() ? "unreadable" : mistakes[0].message));
  config_ = std::move(loaded->config);
  auto topology = build_topology(config_, kTopology);
  if (!topology) return topology.status();
  topology_ = std::move(*topology);
  std::vector<std::string> topics = topology_->output_topics();
  for (const auto& topic : topics)
    if (topic != config_.rejected_topic) action_topic_ = topic;
  topics.push_back(topology_->source_topic());
  topics.push_back(config_.alert_topic);
  for (const auto& topic : topics)
    if (Status status = broker_->create_topic(topic, kPartitions); !status) return status;
  return Status::ok();
}

Result<Stage::Verdict> Stage::verify() {
  const std::string log = folder_.file("verify.log");
  auto child = Child::start({{own_binary(), "verify", "--config", folder_.file("demo.json"), "--oracle"}, log});
  if (!child) return child.status();
  const auto code = child->wait(kVerifyMs);
  if (!code) return Status(Code::kTimeout, concat("headroom verify does not end; see ", log));
  auto text = read_whole_file(log, 1 << 20);
  if (!text) return text.status();
  return Verdict{*code, std::move(*text)};
}

Status Stage::start_workers() {
  for (auto& worker : workers_)
    if (Status status = worker.start(); !status) return status;
  return Status::ok();
}

}  // namespace headroom::demo
