#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "headroom/scale.h"
#include "operators/lag_standing.h"

namespace headroom {

// What came of looking at how many consumers a group has and needs. All but kSteady and kCommand are holds.
enum class ScaleOutcome : uint8_t {
  kUnknownMembers,  // how many there are cannot be told
  kNoMembers,       // nobody reads: stopped, by somebody or by a fault, neither of which more consumers mend
  kRebalancing,
  kMissingData,    // lag or rates of a partition are not known now
  kNotMeasured,    // what one consumer can do has not been seen for five minutes
  kSteady,         // there are as many as needed
  kPartitions,     // more are needed, but would get no partition
  kMost,           // more are needed than `max` allows
  kStabilising,    // the need has not lasted for the window yet
  kLagNotFalling,  // fewer would do, but the lag does not fall
  kNoGain,         // the last scale-out did not help
  kTurns,          // too many changes of direction within a day
  kMinChange,      // what is wanted is too near to what is there
  kCooldown,
  kUnheeded,
  kCommand,
};
// "unknown_members", "no_members", ..., "command"; `kMost` is "max".
std::string_view scale_outcome_name(ScaleOutcome outcome);
// The reason why nothing is done; empty for kSteady and kCommand.
std::string_view hold_reason(ScaleOutcome outcome);

// One look at a group, at each tick. The views are those of the standing and of the settings.
struct ScaleAssessment {
  std::string_view cluster;
  std::string_view group;
  std::string_view target;  // the rule's, before cluster and group are put in
  int64_t time_ms = 0;
  ScaleOutcome outcome = ScaleOutcome::kMissingData;
  ActionMode mode = ActionMode::kApply;
  int64_t current = 0;  // members
  // From kNotMeasured on.
  int64_t max_useful = 0;
  int64_t lower = 0;
  int64_t upper = 0;
  int64_t partitions = 0;
  int64_t produced_milli = 0;
  int64_t consumed_milli = 0;
  int64_t lag_records = 0;
  std::optional<int64_t> max_lag_ms;
  LagVerdict verdict = LagVerdict::kUnknown;
  uint32_t busy_minutes = 0;
  // From kSteady on.
  int64_t rate_of_one_milli = 0;
  int64_t uncapped = 0;          // what load and lag ask for
  int64_t needed = 0;            // the same with partitions dealt out whole
  int64_t needed_with_room = 0;  // the same at nine tenths of the rate of one: what going in counts on
  int64_t desired = 0;           // within the limits, stabilised
  int64_t catch_up_ms = 0;
  int64_t cooldown_ms = 0;

  bool members_known() const { return outcome != ScaleOutcome::kUnknownMembers; }
  bool load_known() const { return outcome >= ScaleOutcome::kNotMeasured; }
  bool need_known() const { return outcome >= ScaleOutcome::kSteady; }
};

// The command of an assessment whose outcome is kCommand; none otherwise. It may be carried out for five minutes of event time.
std::optional<ScaleAction> scale_command_of(const ScaleAssessment& assessment);

}  // namespace headroom
