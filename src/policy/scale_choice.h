#pragma once

#include <cstdint>
#include <string_view>

namespace headroom {

// Which part had the last word on a desired number.
enum class ScaleCause : uint8_t {
  kSteady,           // what there is fits
  kReactive,         // the present load
  kForecast,         // the load expected within the lead
  kThreshold,        // a threshold was passed
  kStabilised,       // less would do now, but not for what the window saw
  kForecastHolds,    // less would do now, but not for what is expected
  kSurprise,         // less would do now, but the load asked for more than there was a while ago
  kMinChange,        // the change would be too small
  kStepLimit,        // the change was cut by the rates
  kLeast,            // the gate `min`
  kMost,             // the gate `max`
  kTurnBudget,       // no change of direction is left today
  kWaiting,          // too soon after the last decision of a threshold
  kHoldMissingData,  // nothing is known now: the last desired number holds
  kUnknownCapacity,  // what a replica carries has not been learned yet
  kUtilisation,      // nor is it known, but those that there are are too busy
};

// What became of the forecast.
enum class ForecastStanding : uint8_t {
  kUsed,
  kWithheld,    // there is none
  kRebuilding,  // it has not shown yet that it does better than persistence
  kDemoted,     // it does worse than persistence
  kBroken,      // its numbers are none
  kSpent,       // its changes of direction are used up for today
};

// The snake_case words, as they stand in reasons and evidence.
std::string_view scale_cause_name(ScaleCause cause);
std::string_view forecast_standing_name(ForecastStanding standing);

// The numbers behind a decision. Loads are in the load's own unit; numbers of replicas are unrounded where they are doubles.
struct ChoiceEvidence {
  double load = 0;
  double capacity = 0;
  double capacity_spread = 0;  // 0 where the capacity was given
  double target = 0;           // utilisation at which the present load is carried
  double reactive = 0;         // replicas for the present load
  double expected_load = 0;    // the largest within the lead
  double forecast = 0;         // replicas for it
  double held = 0;             // replicas for what is expected until hold_ms
  int64_t stabilised = 0;      // the most that the window asked for
  int64_t surprise = 0;        // what a surprise asked for, while it is remembered
  int64_t lead_ms = 0;
  int64_t start_up_ms = 0;
  double relative_error = 1;  // of the forecast against persistence
  int64_t scored = 0;         // steps that this rests on
  ForecastStanding standing = ForecastStanding::kWithheld;
  bool beyond_horizons = false;  // the lead reaches past the last horizon, whose numbers stand for the rest
  bool by_forecast = false;      // it goes out now, and the present load alone would not have
  int64_t turns_left = 0;
};

struct ScaleChoice {
  int64_t current = 0;
  int64_t wanted = 0;   // for now, before windows, gates, rates and budgets
  int64_t desired = 0;  // absolute
  ScaleCause cause = ScaleCause::kSteady;
  bool command = false;  // to be sent: it changed, or must hold and would expire before the next tick
  ChoiceEvidence evidence;
};

}  // namespace headroom
