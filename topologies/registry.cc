#include "topologies/registry.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "config/settings_reader.h"
#include "forecast/machine.h"
#include "topologies/lag_context.h"
#include "topologies/lag_watch.h"

namespace headroom {
namespace {

template <class Params>
std::function<void(SettingVisitor&)> make_params() {
  auto params = std::make_shared<Params>();
  return [params](SettingVisitor& visitor) { declare(visitor, *params); };
}

TopologyOptions options_of(const Config& config) {
  TopologyOptions options;
  options.rejected_topic = config.rejected_topic;
  options.max_keys = config.engine.max_keys;
  return options;
}

Result<Topology> build_right_sizing(const Config& config, const TopologyConfig& part, const TopologyObservers& observers) {
  RightSizingParams params;
  const Status read = read_settings_text(part.params_json, [&params](SettingVisitor& visitor) { declare(visitor, params); });
  if (!read) return read;
  params.propose_only = config.engine.propose_only;
  return right_sizing(params, options_of(config), observers.assessment);
}

Result<Topology> build_lag_watch(const Config& config, const TopologyConfig& part, const TopologyObservers& observers) {
  LagWatchParams params;
  const Status read = read_settings_text(part.params_json, [&params](SettingVisitor& visitor) { declare(visitor, params); });
  if (!read) return read;
  params.scaling.propose_only = config.engine.propose_only;
  return lag_watch(params, options_of(config), observers.lag);
}

Result<Topology> build_predictive_scaling(const Config& config, const TopologyConfig& part, const TopologyObservers& observers) {
  PredictiveScalingParams params;
  const Status read = read_settings_text(part.params_json, [&params](SettingVisitor& visitor) { declare(visitor, params); });
  if (!read) return read;
  params.propose_only = config.engine.propose_only;
  if (const Status fits = machine_can_forecast(); !fits) return fits;
  return predictive_scaling(params, options_of(config), observers.load);
}

Result<Topology> build_lag_context(const Config& config, const TopologyConfig& part, const TopologyObservers&) {
  ConsumerContextParams params;
  const Status read = read_settings_text(part.params_json, [&params](SettingVisitor& visitor) { declare(visitor, params); });
  if (!read) return read;
  return lag_context(params, options_of(config));
}

const std::array<TopologyEntry, 4> kTable = {{
    {"right_sizing", "Compares what containers reserve with what they use, and writes resize commands for those that lie.",
     make_params<RightSizingParams>, build_right_sizing},
    {"lag_watch", "Judges how far consumer groups lag behind, and writes alerts and scale commands for those that need help.",
     make_params<LagWatchParams>, build_lag_watch},
    {"lag_context", "Tells lag_watch how the consumers of groups do for CPU, from their samples.", make_params<ConsumerContextParams>,
     build_lag_context},
    {"predictive_scaling", "Forecasts the load of targets, and writes forecasts and scale commands ahead of what comes.",
     make_params<PredictiveScalingParams>, build_predictive_scaling},
}};

}  // namespace

std::span<const TopologyEntry> topology_table() {
  return kTable;
}

std::span<const TopologyDeclaration> topology_declarations() {
  static const std::vector<TopologyDeclaration> kDeclarations = [] {
    std::vector<TopologyDeclaration> declarations;
    for (const auto& entry : kTable) declarations.push_back({entry.name, entry.text, entry.make_params});
    return declarations;
  }();
  return kDeclarations;
}

Result<Topology> build_topology(const Config& config, std::string_view name, const TopologyObservers& observers) {
  const auto entry = std::find_if(kTable.begin(), kTable.end(), [name](const TopologyEntry& row) { return row.name == name; });
  if (entry == kTable.end()) {
    std::string known;
    for (const auto& row : kTable) known.append(known.empty() ? "" : ", ").append(row.name);
    return Status(Code::kNotFound, "no topology \"" + std::string(name) + "\"; known: " + known);
  }
  const auto part =
      std::find_if(config.topologies.begin(), config.topologies.end(), [name](const TopologyConfig& t) { return t.name == name; });
  return entry->build(config, part == config.topologies.end() ? TopologyConfig{std::string(name), 1, "{}"} : *part, observers);
}

}  // namespace headroom
