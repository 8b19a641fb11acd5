#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "headroom/action.h"

namespace headroom {

class SettingVisitor;

// How partitions are handed out, which says how many consumers can have one.
enum class Assignor : uint8_t { kRange, kRoundRobin, kSticky, kCooperativeSticky, kUniform };

// How the groups that fit a pattern are scaled.
struct LagScalingRule {
  std::string group;                                             // pattern; see policy/name_pattern.h
  std::string target = "{cluster}/kafka/ConsumerGroup/{group}";  // of the commands; {cluster} and {group} are put in
  int64_t least = 1;
  int64_t most = 0;  // 0: as many as partitions allow
  int64_t catch_up_ms = 10 * 60'000;
  int64_t start_up_ms = 60'000;
  int64_t out_window_ms = 60'000;
  int64_t in_window_ms = 30 * 60'000;
  int64_t repeat_after_ms = 15 * 60'000;
  double min_change = 0.1;
  Assignor assignor = Assignor::kRange;
  ActionMode mode = ActionMode::kApply;
};

struct LagScalingParams {
  std::vector<LagScalingRule> groups;  // the first that fits a group holds for it; no other group is scaled
  bool propose_only = false;           // turns every `apply` into `propose`
};

// Names every setting but propose_only, which is the installation's.
void declare(SettingVisitor& visitor, LagScalingParams& params);

}  // namespace headroom
