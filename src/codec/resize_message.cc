#include "codec/resize_message.h"

#include <cctype>
#include <cstdint>
#include <string_view>

#include "base/time_text.h"

namespace headroom::codec {
namespace {

// A quantity with two decimals, halves away from zero.
std::string two_decimals(int64_t value, int64_t unit) {
  __extension__ using Wide = __int128;
  const Wide magnitude = value < 0 ? -static_cast<Wide>(value) : static_cast<Wide>(value);
  const auto hundredths = static_cast<uint64_t>((magnitude * 200 + unit) / (static_cast<Wide>(unit) * 2));
  std::string text = value < 0 && hundredths != 0 ? "-" : "";
  text += std::to_string(hundredths / 100);
  text += '.';
  if (hundredths % 100 < 10) text += '0';
  return text += std::to_string(hundredths % 100);
}

// What a person counts a quantity in.
struct Scale {
  int64_t unit;
  std::string_view name;  // follows the number
};
Scale scale_of(const ResizeAction& action) {
  if (action.evidence.band_unit == BandUnit::kRatio) return {10'000, "%"};
  if (action.resource == Resource::kCpu) return {kMicro, " cores"};
  return {1 << 20, " MiB"};
}

std::string quantity(int64_t value, const Scale& scale) {
  return two_decimals(value, scale.unit).append(scale.name);
}

// "1h30m" as "1 h 30 m".
std::string spaced(std::string_view duration) {
  std::string text;
  for (const char c : duration) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!text.empty() && digit != (std::isdigit(static_cast<unsigned char>(text.back())) != 0)) text += ' ';
    text += c;
  }
  return text;
}

std::string oom_message(const ResizeAction& action) {
  const Scale mib{1 << 20, " MiB"};
  return "killed for want of memory (" + std::to_string(action.evidence.oom_kills) + " so far) with " + quantity(action.current, mib) +
         " reserved; used " + quantity(action.evidence.used_max, mib) + " at most";
}

}  // namespace

std::string resize_message(const ResizeAction& action) {
  const ResizeEvidence& evidence = action.evidence;
  if (action.code == "oom_kill") return oom_message(action);
  const Scale scale = scale_of(action);
  const bool lies_low = evidence.lying_factor < 0;
  std::string text = "reserves ";
  // A ratio is of the reservation, on either side of it.
  if (evidence.band_unit == BandUnit::kRatio) {
    text = lies_low ? "uses " : "leaves ";
    text += quantity(lies_low ? -evidence.lying_factor : evidence.lying_factor, scale);
    text += lies_low ? " more than it reserves" : " of what it reserves unused";
  } else {
    text += quantity(lies_low ? -evidence.lying_factor : evidence.lying_factor, scale);
    text += lies_low ? " less than it uses" : " more than it uses";
  }
  text += " (" + spaced(format_duration(evidence.window_ms)) + " mean); the band ";
  const bool shrinks = action.code == "over_reserved";
  text += shrinks ? "ends at " : "begins at ";
  const int64_t edge = shrinks ? evidence.band_upper : evidence.band_lower;
  return text += scale.name == "%" ? quantity(edge, scale) : two_decimals(edge, scale.unit);
}

}  // namespace headroom::codec
