#include "headroom/topology.h"

#include <algorithm>

#include "base/check.h"
#include "engine/lane_task.h"

namespace headroom {
namespace topology_internal {
namespace {

std::string duration_text(int64_t ms) {
  constexpr std::pair<int64_t, const char*> kUnits[] = {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1000, "s"}};
  for (const auto& [unit, word] : kUnits)
    if (ms >= unit && ms % unit == 0) return std::to_string(ms / unit) + " " + word;
  return std::to_string(ms) + " ms";
}

void print_after(const Plan& plan, int line, size_t depth, std::string& out) {
  for (size_t i = 0; i < plan.lines.size(); ++i) {
    if (plan.lines[i].after != line) continue;
    out += std::string(2 * depth, ' ') + plan.lines[i].text + "\n";
    print_after(plan, static_cast<int>(i), depth + 1, out);
  }
}

}  // namespace

void Plan::set_source(std::string topic) {
  HEADROOM_CHECK(source_topic.empty() && !topic.empty());  // one topology reads one topic
  source_topic = std::move(topic);
}

int Plan::add_line(int after, std::string text) {
  lines.push_back({after, std::move(text)});
  return static_cast<int>(lines.size()) - 1;
}

uint32_t Plan::add_sink(std::string topic) {
  sink_topics.push_back(std::move(topic));
  return static_cast<uint32_t>(sink_topics.size()) - 1;
}

void Plan::add_store(const std::string& store) {
  HEADROOM_CHECK(!store.empty() && std::find(store_names.begin(), store_names.end(), store) == store_names.end());
  store_names.push_back(store);
}

std::string operator_line(const std::string& name, uint32_t version, int64_t idle_ms) {
  return "then " + name + " (keyed state, version " + std::to_string(version) + ", forgotten after " + duration_text(idle_ms) + " idle)";
}

}  // namespace topology_internal

Topology::Topology(std::string name, TopologyOptions options) : plan(std::make_shared<topology_internal::Plan>()) {
  plan->name = std::move(name);
  plan->options = std::move(options);
}

const std::string& Topology::name() const {
  return plan->name;
}
const std::string& Topology::source_topic() const {
  return plan->source_topic;
}

std::vector<std::string> Topology::output_topics() const {
  std::vector<std::string> topics = plan->sink_topics;
  topics.push_back(plan->options.rejected_topic);
  std::sort(topics.begin(), topics.end());
  topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
  return topics;
}

std::string Topology::describe() const {
  std::string out = plan->name + "\n";
  topology_internal::print_after(*plan, -1, 1, out);
  return out + "  what is bad goes to " + plan->options.rejected_topic + "\n";
}

std::unique_ptr<Task> Topology::make_task(LaneIdentity identity) const {
  return std::make_unique<LaneTask>(plan, std::move(identity));
}

}  // namespace headroom
