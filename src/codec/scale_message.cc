#include "codec/scale_message.h"

#include <algorithm>
#include <limits>

#include "base/concat.h"
#include "base/time_text.h"

namespace headroom::codec {
namespace {

// Thousandths with one decimal, halves up: "1000.0". `milli` is not negative.
std::string one_decimal(int64_t milli) {
  const int64_t rounded = std::min(milli, std::numeric_limits<int64_t>::max() - 50) + 50;
  return concat(std::to_string(rounded / 1000), ".", std::to_string(rounded % 1000 / 100));
}

}  // namespace

std::string scale_message(const ScaleAction& action) {
  const ScaleEvidence& evidence = action.evidence;
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

}  // namespace headroom::codec
