#pragma once

#include <cstdint>
#include <string>

namespace headroom {

enum class Resource : uint8_t { kCpu, kMemory };
// "cpu", "memory".
inline const char* resource_name(Resource resource) {
  return resource == Resource::kCpu ? "cpu" : "memory";
}
// Integer units of a resource in decisions: micro-cores for cpu, bytes for memory.
inline constexpr int64_t kMicro = 1'000'000;

// Whether a downstream scaler should carry a command out (apply) or only show it (propose).
enum class ActionMode : uint8_t { kApply, kPropose };

enum class BandUnit : uint8_t { kAbsolute, kRatio };

// Why a resize was decided. Quantities are micro-cores (cpu) or bytes (memory); ratios are micro-units.
struct ResizeEvidence {
  int64_t lying_factor = 0;  // reserved - mean used; for a ratio band divided by reserved, in micro-units
  BandUnit band_unit = BandUnit::kAbsolute;
  int64_t band_lower = 0;  // in the band's unit
  int64_t band_upper = 0;
  int64_t used_mean = 0;  // of the deciding instance over the window
  int64_t used_max = 0;   // largest used value of any instance in the window
  int64_t window_ms = 0;
  uint32_t instances = 0;  // that took part
  uint64_t samples = 0;    // used samples of those in the window
  int64_t oom_kills = 0;   // for code oom_kill: the value that was reported
};

// A resize command before it gets its place in the lane. Quantities are micro-cores (cpu) or bytes (memory), absolute, never deltas.
struct ResizeAction {
  std::string target;     // the Kafka key and CloudEvent partitionkey
  std::string container;  // empty when the sample had none
  Resource resource = Resource::kCpu;
  ActionMode mode = ActionMode::kApply;
  std::string code;      // over_reserved | under_reserved | oom_kill
  std::string instance;  // for code oom_kill: whose kills; tells commands of one moment apart
  int64_t time_ms = 0;   // the decision's event time
  int64_t expiry_ms = 0;
  int64_t current = 0;
  int64_t desired = 0;
  int64_t lower = 0;     // what steps, floors and gates allowed
  int64_t upper = 0;     // INT64_MAX when nothing bounds it
  int64_t uncapped = 0;  // what the policy asked for before limits
  int64_t cooldown_ms = 0;
  int64_t max_step_micro = 0;  // the step limit that applied, micro-ratio: max_shrink or max_grow
  ResizeEvidence evidence;
};

}  // namespace headroom
