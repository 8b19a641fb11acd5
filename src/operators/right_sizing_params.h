#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "headroom/action.h"
#include "policy/band.h"
#include "policy/command_ledger.h"

namespace headroom {

class SettingVisitor;

enum class SizingPolicy : uint8_t {
  kRecentre,  // the mean into the band's middle
  kQuantile,  // a high quantile of what was used, and a margin
};

// What differs between cpu and memory. Quantities in micro-cores or bytes.
struct ResourceRules {
  Resource resource = Resource::kCpu;
  Band band;
  int64_t least = 0;  // gate `min`; 0: none
  int64_t most = 0;   // gate `max`; 0: none
  int64_t multiple = 1;
};

// Everything that decides the size of a container, with the defaults of the contract.
struct SizingRules {
  ResourceRules cpu{.resource = Resource::kCpu, .band = {-0.1, 0.6, BandUnit::kAbsolute}, .multiple = 10'000};
  ResourceRules memory{.resource = Resource::kMemory, .band = {-0.05, 0.35, BandUnit::kRatio}, .multiple = 1 << 20};
  SizingPolicy policy = SizingPolicy::kRecentre;
  double quantile = 0.95;
  double margin = 0.15;
  int64_t half_life_ms = 24 * 3'600'000;
  int64_t window_ms = 3'600'000;          // a multiple of 60 ms
  std::optional<int64_t> min_history_ms;  // none: half the window
  uint32_t patience = 3;
  double max_shrink = 0.5;
  double max_grow = 3.0;
  double memory_floor = 1.1;
  double oom_factor = 1.2;
  int64_t oom_least_step_bytes = 100 << 20;
  CommandLimits limits;
};

struct SizingOverride {
  std::string target;  // pattern; see policy/target_pattern.h
  SizingRules rules;
};

struct ModeSelector {
  std::string target;
  ActionMode mode = ActionMode::kPropose;
};

struct RightSizingParams {
  std::string topic = "headroom.samples";
  std::string action_topic = "headroom.actions";
  SizingRules rules;
  std::vector<SizingOverride> overrides;  // the first that fits a target replaces the rules
  ActionMode mode = ActionMode::kApply;
  std::vector<ModeSelector> modes;  // the first that fits a target replaces the mode
  uint32_t max_instances = 1000;    // kept a container
  bool propose_only = false;        // turns every `apply` into `propose`
};

// Names every setting but propose_only, which is the installation's.
void declare(SettingVisitor& visitor, RightSizingParams& params);

}  // namespace headroom
