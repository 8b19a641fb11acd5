#include "operators/lag_mutes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/time_text.h"
#include "operators/lag_label_field.h"

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kDayMs = 24 * 60 * kMinuteMs;
constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// "HH:MM" since midnight.
std::optional<int64_t> time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  int64_t numbers[2] = {0, 0};
  for (const size_t i : {0u, 1u, 3u, 4u}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    int64_t& number = numbers[i > 2];
    number = number * 10 + (text[i] - '0');
  }
  if (numbers[0] > 23 || numbers[1] > 59) return std::nullopt;
  return (numbers[0] * 60 + numbers[1]) * kMinuteMs;
}

Result<uint32_t> days_of(const std::vector<std::string>& names) {
  if (names.empty()) return uint32_t{0x7f};
  uint32_t days = 0;
  for (const auto& name : names) {
    const auto found = std::find(kDays.begin(), kDays.end(), name);
    if (found == kDays.end()) return Status(Code::kInvalid, "days are mon, tue, wed, thu, fri, sat and sun");
    days |= 1u << (found - kDays.begin());
  }
  return days;
}

}  // namespace

int64_t MuteSpan::end_around(int64_t time_ms) const {
  if (!daily) return from_ms <= time_ms && time_ms < until_ms ? until_ms : 0;
  const int64_t today = time_ms / kDayMs;
  for (const int64_t day : {today, today - 1}) {
    const int64_t midnight = day * kDayMs;
    if (time_ms < midnight + from_ms || time_ms >= midnight + until_ms) continue;
    // 1 January 1970 was a Thursday.
    if ((days >> ((day + 4) % 7) & 1) != 0) return midnight + until_ms;
  }
  return 0;
}

Result<MuteSpan> read_mute_span(const LagMute& mute) {
  MuteSpan span;
  const auto from = time_of_day(mute.from);
  const auto until = time_of_day(mute.until);
  if (from && until) {
    const auto days = days_of(mute.days);
    if (!days) return days.status();
    span.daily = true;
    span.days = *days;
    span.from_ms = *from;
    span.until_ms = *until > *from ? *until : *until + kDayMs;
    return span;
  }
  const auto first = parse_rfc3339(mute.from);
  const auto last = parse_rfc3339(mute.until);
  if (!first || !last)
    return Status(Code::kInvalid, "from and until must both be times (2026-12-24T18:00:00Z) or both times of the day, UTC (22:30)");
  if (*last <= *first) return Status(Code::kInvalid, "until must come after from");
  if (!mute.days.empty()) return Status(Code::kInvalid, "days go with times of the day only");
  span.from_ms = *first;
  span.until_ms = *last;
  return span;
}

LagMutes::LagMutes(const std::vector<std::string>& by, const std::vector<LagMute>& mutes) {
  for (const auto& mute : mutes) {
    const auto span = read_mute_span(mute);
    if (!span) continue;
    Window window{*span, {}};
    for (const auto& filter : mute.when) {
      const auto place = static_cast<size_t>(std::find(by.begin(), by.end(), filter.label) - by.begin());
      window.when.push_back({place, filter.matches});
    }
    windows_.push_back(std::move(window));
  }
}

int64_t LagMutes::muted_until(int64_t time_ms, std::span<const std::string_view> values) const {
  int64_t until_ms = 0;
  for (const auto& window : windows_) {
    const bool meant = std::all_of(window.when.begin(), window.when.end(), [&](const Filter& filter) {
      return filter.place < values.size() && fits_one(filter.matches, values[filter.place]);
    });
    if (meant) until_ms = std::max(until_ms, window.span.end_around(time_ms));
  }
  return until_ms;
}

}  // namespace headroom
