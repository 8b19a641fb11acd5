#include "cli/collect_window.h"

#include <algorithm>
#include <charconv>

#include "base/concat.h"
#include "base/time_text.h"

namespace headroom {
namespace {

constexpr int64_t kYear2000Ms = 946'684'800'000;
constexpr int64_t kYear9000Ms = 221'845'392'000'000;

Result<int64_t> read_moment(std::string_view text, int64_t now_ms) {
  if (text == "now") return now_ms;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number != 0) return number;
  if (const auto length = parse_duration(text); length && *length >= 0) return now_ms - *length;
  return parse_rfc3339(text);
}

}  // namespace

CollectWindow CollectWindow::first(int64_t points) const {
  return {from_ms, std::min(to_ms, from_ms + (points - 1) * step_ms), step_ms};
}

CollectWindow window_of(int64_t from_ms, int64_t to_ms, int64_t step_ms) {
  return {(from_ms + step_ms - 1) / step_ms * step_ms, to_ms / step_ms * step_ms, step_ms};
}

Result<int64_t> parse_moment(std::string_view text, int64_t now_ms) {
  const auto moment = read_moment(text, now_ms);
  if (!moment)
    return Status(Code::kInvalid,
                  concat("\"", text, "\" is no time; expected one as in 2026-11-01T00:00:00Z, Unix milliseconds, now, or a ",
                         "duration back, as in 7d"));
  if (*moment >= kYear2000Ms && *moment < kYear9000Ms) return moment;
  return Status(Code::kInvalid,
                concat("\"", text, "\" is ", format_rfc3339(*moment), "; expected a time from 2000 on (numbers are milliseconds)"));
}

}  // namespace headroom
