#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "headroom/forecast_report.h"
#include "headroom/scale.h"
#include "policy/scale_choice.h"
#include "policy/shadow_score.h"

namespace headroom {

// One look at how many replicas a target should have. The views are those of the sample or tick and of the settings.
struct LoadAssessment {
  std::string_view target;
  std::string_view metric;
  std::string_view withheld;  // why there is no forecast; empty when there is one
  int64_t time_ms = 0;
  int64_t expiry_ms = 0;
  ActionMode mode = ActionMode::kApply;
  int64_t least = 0;
  int64_t most = 0;
  ScaleChoice choice;
  ShadowScore shadow;  // in the mode propose
};

// A sample that changed nothing, and why: late, too_many_instances.
struct LoadRefusal {
  std::string_view reason;
};

// What predictive_scaling says of one target.
using LoadOutput = std::variant<ForecastReport, LoadAssessment, LoadRefusal>;

std::optional<ForecastReport> forecast_of(const LoadOutput& output);
// The command of an assessment that has one.
std::optional<ScaleAction> load_command_of(const LoadOutput& output);

}  // namespace headroom
