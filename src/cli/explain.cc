#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "headroom/alert_codec.h"
#include "headroom/codec.h"
#include "kafka/topic_reader.h"
#include "topologies/registry.h"

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

struct ExplainOptions {
  ConfigOptions config;
  std::string id;
  std::string topology = "right_sizing";
  bool json = false;
  int timeout_s = 60;
};

// A command with the place it was found at.
struct FoundAction {
  std::string topic;
  Partition partition = 0;
  Offset offset = 0;
  std::string input_offset;
  std::string value;
};

std::string quantity(int64_t value, const std::string& resource) {
  char text[48];
  if (resource == "cpu")
    std::snprintf(text, sizeof text, "%.2f cores", static_cast<double>(value) / static_cast<double>(kMicro));
  else if (resource == "replicas")
    std::snprintf(text, sizeof text, "%lld", static_cast<long long>(value));
  else
    std::snprintf(text, sizeof text, "%.0f MiB", static_cast<double>(value) / (1 << 20));
  return text;
}

std::string bound(const Json& bounds, const char* name, const std::string& resource) {
  const auto member = bounds.find(name);
  if (member == bounds.end() || !member->is_number()) return "nothing";
  const double value = member->get<double>() * (resource == "cpu" ? static_cast<double>(kMicro) : 1);
  return quantity(static_cast<int64_t>(value), resource);
}

std::string place_of(const Topology& topology, const ActionSummary& action, const std::string& input_offset) {
  const size_t slash = action.lane.rfind('/');
  return concat("record ", input_offset, " of partition ", slash == std::string::npos ? "?" : action.lane.substr(slash + 1), " of ",
                topology.source_topic());
}

void print_text(const Topology& topology, const FoundAction& found, const ActionSummary& action) {
  const Json data = Json::parse(found.value).value("data", Json::object());
  const Json bounds = data.value("bounds", Json::object());
  const Json guard = data.value("guard", Json::object());
  const double change = action.current == 0 ? 0 : 100.0 * (static_cast<double>(action.desired) / static_cast<double>(action.current) - 1);
  const std::string verb = action.mode == "propose" ? concat("Proposed to ", action.action) : action.action == "scale" ? "Scale" : "Resize";
  std::printf("%s the %s of %s from %s to %s (%+.0f %%)\n", verb.c_str(), action.resource.c_str(), action.subject.c_str(),
              quantity(action.current, action.resource).c_str(), quantity(action.desired, action.resource).c_str(), change);
  std::printf("  why        %s: it %s\n", action.code.c_str(), action.message.c_str());
  std::printf("  decided    at %s, valid until %s\n", format_rfc3339(action.time_ms).c_str(), format_rfc3339(action.expiry_ms).c_str());
  std::printf("  limits     asked for %s; allowed from %s to %s\n", bound(bounds, "uncapped", action.resource).c_str(),
              bound(bounds, "lower", action.resource).c_str(), bound(bounds, "upper", action.resource).c_str());
  for (const auto& [name, value] : guard.items()) std::printf("  guard      %s %s\n", name.c_str(), value.dump().c_str());
  for (const auto& [name, value] : action.evidence) std::printf("  evidence   %s %s\n", name.c_str(), value.c_str());
  std::printf("  caused by  %s\n", place_of(topology, action, found.input_offset).c_str());
  std::printf("  found at   %s, partition %d, offset %lld; lane %s, sequence %llu\n", found.topic.c_str(), found.partition,
              static_cast<long long>(found.offset), action.lane.c_str(), static_cast<unsigned long long>(action.sequence));
}

// An alert that was asked for by its id or by its incident's.
bool is_alert(std::string_view value, const std::string& id) {
  const auto alert = parse_alert(value);
  return alert && (alert->id == id || alert->incident == id);
}

int explain_alert(const FoundAction& found, const AlertSummary& alert, bool json) {
  if (json) {
    const Json out = {{"alert", Json::parse(found.value)},
                      {"found", {{"topic", found.topic}, {"partition", found.partition}, {"offset", found.offset}}}};
    std::printf("%s\n", out.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return kExitFine;
  }
  std::printf("%s  found at   %s, partition %d, offset %lld; lane %s, sequence %llu\n", alert_words(alert).c_str(), found.topic.c_str(),
              found.partition, static_cast<long long>(found.offset), alert.lane.c_str(), static_cast<unsigned long long>(alert.sequence));
  return kExitFine;
}

void print_json(const Topology& topology, const FoundAction& found, const ActionSummary& action) {
  const size_t slash = action.lane.rfind('/');
  const Json out = {{"action", Json::parse(found.value)},
                    {"found", {{"topic", found.topic}, {"partition", found.partition}, {"offset", found.offset}}},
                    {"input",
                     {{"topic", topology.source_topic()},
                      {"partition", std::atoi(action.lane.c_str() + (slash == std::string::npos ? action.lane.size() : slash + 1))},
                      {"offset", std::atoll(found.input_offset.c_str())}}}};
  std::printf("%s\n", out.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

// Ids stand as they are in the text of a command, so most records are passed without being parsed.
Result<FoundAction> find_action(const Config& config, const Topology& topology, const ExplainOptions& options) {
  const std::string needle = concat("\"", options.id, "\"");
  FoundAction found;
  for (const auto& topic : topology.output_topics()) {
    if (topic == config.rejected_topic) continue;
    ReadTopic what;
    what.topic = topic;
    what.timeout_ms = options.timeout_s * 1000;
    const Status status = read_topic(config.kafka, what, [&](const TopicRecord& record) {
      if (record.value.find(needle) == std::string_view::npos) return true;
      const auto action = parse_action(record.value);
      if (!(action && action->id == options.id) && !is_alert(record.value, options.id)) return true;
      found = {topic, record.partition, record.offset, std::string(record.header("input_offset")), std::string(record.value)};
      return false;
    });
    if (!status) return status;
    if (!found.value.empty()) return found;
  }
  return Status(Code::kNotFound, concat("no action or alert ", options.id, " in the topics of ", topology.name()));
}

int explain(const ExplainOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return kExitUsage;
  const auto topology = build_topology(loaded->config, options.topology);
  if (!topology) return fail(kExitUsage, topology.status().message());
  const auto found = find_action(loaded->config, *topology, options);
  if (!found) return fail(found.status().message().starts_with("no action") ? kExitFound : kExitOutside, found.status().message());
  if (const auto alert = parse_alert(found->value)) return explain_alert(*found, *alert, options.json);
  const auto action = parse_action(found->value);
  if (!action) return fail(kExitFound, action.status().message());
  options.json ? print_json(*topology, *found, *action) : print_text(*topology, *found, *action);
  return kExitFine;
}

}  // namespace

Command explain_command() {
  return {"explain", "Say in words what an action or an alert was decided on: rule, evidence, limits, and the record that caused it.",
          "  headroom explain 1f0c7b2e9a4d71c3 --config prod.json\n", [](CLI::App& app) {
            auto options = std::make_shared<ExplainOptions>();
            app.add_option("id", options->id, "the id of the action or alert; an incident's finds its first alert")->required();
            add_config_options(app, options->config);
            app.add_option("--topology", options->topology, "whose actions or alerts")->capture_default_str();
            app.add_flag("--json", options->json, "JSON instead of text");
            app.add_option("--timeout", options->timeout_s, "seconds without an answer after which it gives up")
                ->capture_default_str()
                ->check(CLI::Range(1, 3600));
            return [options] { return explain(*options); };
          }};
}

}  // namespace headroom
