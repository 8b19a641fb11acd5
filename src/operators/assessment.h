#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "headroom/action.h"

namespace headroom {

// What came of looking at one resource of a container.
enum class Outcome : uint8_t {
  kLate,        // the sample was too old to count; nothing else of the assessment is set but subject, resource, time and dimensions
  kNoInstance,  // nobody took part
  kInBand,
  kWaitingPatience,
  kSuppressedMinChange,
  kSuppressedCooldown,
  kSuppressedUnheeded,
  kSuppressedBudget,
  kCommand,
};
// "late", "no_instance", ..., "command".
std::string_view outcome_name(Outcome outcome);
// The reason of a suppressed command ("min_change", ...); empty for other outcomes.
std::string_view suppressed_reason(Outcome outcome);

enum class Cause : uint8_t { kNone, kOverReserved, kUnderReserved, kOomKill };

// One look at a container and resource, made when a bucket is full or an out-of-memory kill is told. Quantities are micro-cores or bytes.
// The views are those of the sample that gave rise to it.
struct Assessment {
  std::string_view target;
  std::string_view container;
  std::string_view instance;  // of the sample, as the dimensions that follow
  std::string_view host;
  std::string_view environment;
  std::string_view instance_type;
  std::string_view zone;
  int64_t time_ms = 0;  // the decision's event time; for kLate the sample's time
  Resource resource = Resource::kCpu;
  Outcome outcome = Outcome::kNoInstance;
  Cause cause = Cause::kNone;  // what the instances say, whatever the outcome
  ActionMode mode = ActionMode::kApply;
  // Of the instance that decides, unless the outcome is kNoInstance: `evidence.lying_factor` and `used_mean` belong to it too.
  int64_t current = 0;
  int64_t desired = 0;
  // Only for kCommand.
  int64_t lower = 0;
  int64_t upper = 0;
  int64_t uncapped = 0;
  int64_t cooldown_ms = 0;
  int64_t max_step_micro = 0;
  ResizeEvidence evidence;
};

// How long a command may be carried out after its event time.
inline constexpr int64_t kCommandExpiryMs = 5 * 60'000;

// The command of an assessment whose outcome is kCommand; none otherwise.
std::optional<ResizeAction> command_of(const Assessment& assessment);

}  // namespace headroom
