#include "codec/scale_message.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <variant>

#include "base/concat.h"
#include "base/time_text.h"

namespace headroom::codec {
namespace {

// Thousandths with one decimal, halves up: "1000.0". `milli` is not negative.
std::string one_decimal(int64_t milli) {
  const int64_t rounded = std::min(milli, std::numeric_limits<int64_t>::max() - 50) + 50;
  return concat(std::to_string(rounded / 1000), ".", std::to_string(rounded % 1000 / 100));
}

// Four digits that count.
std::string plainly(double number) {
  char digits[40];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, number, std::chars_format::general, 4).ptr);
}

std::string message_of(const ScaleAction& action, const GroupEvidence& evidence) {
  std::string text = concat("gets ", one_decimal(evidence.produced_milli), " records/s and has ", std::to_string(evidence.lag_records),
                            " to catch up within ", format_duration(evidence.catch_up_ms), "; one consumer reads ",
                            one_decimal(evidence.rate_of_one_milli), "/s: ", std::to_string(action.uncapped),
                            action.uncapped == 1 ? " is needed" : " are needed", ", it has ", std::to_string(action.current));
  if (action.uncapped > action.max_useful) {
    text += concat("; ", std::to_string(action.max_useful), " can have a partition");
  } else if (action.uncapped > action.upper) {
    text += concat("; ", std::to_string(action.upper), " are allowed");
  }
  return text;
}

std::string message_of(const ScaleAction& action, const LoadEvidence& evidence) {
  if (action.code == "hold_missing_data")
    return concat("has a load or replicas that are not known now, and stays at ", std::to_string(action.desired));
  std::string text = concat("carries ", plainly(evidence.load), " of ", evidence.metric);
  if (evidence.expected_load > 0)
    text += concat(" and up to ", plainly(evidence.expected_load), " within ", format_duration(evidence.lead_ms));
  if (evidence.capacity > 0)
    text += concat("; a replica takes ", plainly(evidence.capacity), ": ", plainly(evidence.reactive), " are needed now, ",
                   plainly(evidence.predicted), " for what is expected");
  return concat(text, ", it has ", std::to_string(action.current));
}

}  // namespace

std::string scale_message(const ScaleAction& action) {
  return std::visit([&action](const auto& evidence) { return message_of(action, evidence); }, action.evidence);
}

}  // namespace headroom::codec
