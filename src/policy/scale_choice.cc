#include "policy/scale_choice.h"

namespace headroom {

std::string_view scale_cause_name(ScaleCause cause) {
  switch (cause) {
    case ScaleCause::kSteady:
      return "steady";
    case ScaleCause::kReactive:
      return "reactive";
    case ScaleCause::kForecast:
      return "forecast";
    case ScaleCause::kThreshold:
      return "threshold";
    case ScaleCause::kStabilised:
      return "stabilised";
    case ScaleCause::kForecastHolds:
      return "forecast_holds";
    case ScaleCause::kSurprise:
      return "surprise";
    case ScaleCause::kMinChange:
      return "min_change";
    case ScaleCause::kStepLimit:
      return "step_limit";
    case ScaleCause::kLeast:
      return "gate_min";
    case ScaleCause::kMost:
      return "gate_max";
    case ScaleCause::kTurnBudget:
      return "turn_budget";
    case ScaleCause::kWaiting:
      return "waiting";
    case ScaleCause::kHoldMissingData:
      return "hold_missing_data";
    case ScaleCause::kUnknownCapacity:
      return "unknown_capacity";
    case ScaleCause::kUtilisation:
      return "utilisation";
  }
  return "unknown";
}

std::string_view forecast_standing_name(ForecastStanding standing) {
  switch (standing) {
    case ForecastStanding::kUsed:
      return "used";
    case ForecastStanding::kWithheld:
      return "withheld";
    case ForecastStanding::kRebuilding:
      return "rebuilding";
    case ForecastStanding::kDemoted:
      return "demoted";
    case ForecastStanding::kBroken:
      return "broken";
    case ForecastStanding::kSpent:
      return "turns_spent";
  }
  return "unknown";
}

}  // namespace headroom
