#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/declare.h"
#include "headroom/status.h"
#include "headroom/topology.h"
#include "topologies/lag_observers.h"
#include "topologies/predictive_scaling.h"
#include "topologies/right_sizing.h"

namespace headroom {

// Those who look on while topologies work; each may be empty. Called on the tasks' threads.
struct TopologyObservers {
  ObserveAssessment assessment;
  LagObservers lag;
  ObserveLoad load;
};

// One row of the table of topologies.
struct TopologyEntry {
  std::string_view name;
  std::string_view text;  // one sentence, for describe and the reference
  std::function<std::function<void(SettingVisitor&)>()> make_params;
  Result<Topology> (*build)(const Config& config, const TopologyConfig& part, const TopologyObservers& observers);
};

// Every topology of this binary. An explicit table: objects that register themselves are dropped by the linker.
std::span<const TopologyEntry> topology_table();
// The same, as the configuration sees it.
std::span<const TopologyDeclaration> topology_declarations();

// The topology of this name with the settings it has in `config`, or its defaults where it has none. kNotFound: no such topology, with the
// names that there are. kInvalid: its part of the configuration is not what it declares.
Result<Topology> build_topology(const Config& config, std::string_view name, const TopologyObservers& observers = {});

}  // namespace headroom
