#include "base/time_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>

namespace headroom {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kFirstMs = -62'167'219'200'000;  // 0000-01-01T00:00:00Z
constexpr int64_t kLastMs = 253'402'300'799'999;   // 9999-12-31T23:59:59.999Z

struct Unit {
  std::string_view name;
  int64_t ms;
};
constexpr std::array<Unit, 5> kUnits = {{{"d", kDayMs}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

void append_padded(int64_t value, size_t width, std::string& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  const auto size = static_cast<size_t>(end - digits);
  if (size < width) out.append(width - size, '0');
  out.append(digits, size);
}

std::string quoted(std::string_view text) {
  return std::string("'").append(text).append("'");
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes what it has read off the front of the text; a wrong piece makes it not ok for good.
struct Cursor {
  std::string_view left;
  bool ok = true;

  int number(size_t width) {
    int value = 0;
    if (left.size() < width) ok = false;
    for (size_t i = 0; ok && i < width; ++i) {
      ok = is_digit(left[i]);
      value = value * 10 + (left[i] - '0');
    }
    if (ok) left.remove_prefix(width);
    return ok ? value : 0;
  }
  void one_of(std::string_view choices) {
    ok = ok && !left.empty() && choices.find(left.front()) != std::string_view::npos;
    if (ok) left.remove_prefix(1);
  }
  bool next_is(char c) const { return ok && !left.empty() && left.front() == c; }
};

// The milliseconds of ".123456"; nothing when there is no fraction.
int fraction_ms(Cursor& at) {
  if (!at.next_is('.')) return 0;
  at.left.remove_prefix(1);
  if (at.left.empty() || !is_digit(at.left.front())) at.ok = false;
  int value = 0;
  int weight = 100;
  for (; !at.left.empty() && is_digit(at.left.front()); at.left.remove_prefix(1)) {
    value += weight * (at.left.front() - '0');
    weight /= 10;
  }
  return value;
}

// Minutes east of UTC.
int offset_minutes(Cursor& at) {
  if (!at.next_is('+') && !at.next_is('-')) {
    at.one_of("Zz");
    return 0;
  }
  const int sign = at.left.front() == '-' ? -1 : 1;
  at.left.remove_prefix(1);
  const int hours = at.number(2);
  at.one_of(":");
  const int minutes = at.number(2);
  at.ok = at.ok && hours < 24 && minutes < 60;
  return sign * (hours * 60 + minutes);
}

Status not_a_duration(std::string_view text) {
  return {Code::kInvalid, quoted(text) + " is not a duration: whole numbers with units d, h, m, s or ms, as in 5m or 1h30m"};
}

}  // namespace

void append_rfc3339(int64_t time_ms, std::string& out) {
  const int64_t ms = std::clamp(time_ms, kFirstMs, kLastMs);
  const int64_t days = (ms - (ms < 0 ? kDayMs - 1 : 0)) / kDayMs;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  const int64_t of_day = ms - days * kDayMs;
  append_padded(static_cast<int>(date.year()), 4, out);
  out += '-';
  append_padded(static_cast<unsigned>(date.month()), 2, out);
  out += '-';
  append_padded(static_cast<unsigned>(date.day()), 2, out);
  out += 'T';
  append_padded(of_day / 3'600'000, 2, out);
  out += ':';
  append_padded(of_day / 60'000 % 60, 2, out);
  out += ':';
  append_padded(of_day / 1000 % 60, 2, out);
  if (of_day % 1000 != 0) {
    out += '.';
    append_padded(of_day % 1000, 3, out);
  }
  out += 'Z';
}

std::string format_rfc3339(int64_t time_ms) {
  std::string out;
  append_rfc3339(time_ms, out);
  return out;
}

Result<int64_t> parse_rfc3339(std::string_view text) {
  Cursor at{text};
  const int year = at.number(4);
  at.one_of("-");
  const int month = at.number(2);
  at.one_of("-");
  const int day = at.number(2);
  at.one_of("Tt ");
  const int hour = at.number(2);
  at.one_of(":");
  const int minute = at.number(2);
  at.one_of(":");
  const int second = at.number(2);
  const int ms = fraction_ms(at);
  const int offset = offset_minutes(at);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!at.ok || !at.left.empty() || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return Status(Code::kInvalid, quoted(text) + " is not a time as in 2026-11-22T10:15:00Z");
  }
  const int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return days * kDayMs + (hour * 60 + minute - offset) * int64_t{60'000} + second * 1000 + ms;
}

void append_duration(int64_t duration_ms, std::string& out) {
  if (duration_ms == 0) {
    out += "0s";
    return;
  }
  if (duration_ms < 0) out += '-';
  uint64_t left = duration_ms < 0 ? 0 - static_cast<uint64_t>(duration_ms) : static_cast<uint64_t>(duration_ms);
  for (const Unit& unit : kUnits) {
    const uint64_t count = left / static_cast<uint64_t>(unit.ms);
    if (count == 0) continue;
    append_padded(static_cast<int64_t>(count), 1, out);
    out += unit.name;
    left %= static_cast<uint64_t>(unit.ms);
  }
}

std::string format_duration(int64_t duration_ms) {
  std::string out;
  append_duration(duration_ms, out);
  return out;
}

Result<int64_t> parse_duration(std::string_view text) {
  if (text == "0") return int64_t{0};
  std::string_view left = text;
  const bool negative = !left.empty() && left.front() == '-';
  if (negative) left.remove_prefix(1);
  if (left.empty()) return not_a_duration(text);
  int64_t sum_ms = 0;  // kept negative: that side reaches one further
  const Unit* next_unit = kUnits.data();
  while (!left.empty()) {
    uint64_t count = 0;
    const auto [end, error] = std::from_chars(left.data(), left.data() + left.size(), count);
    if (error != std::errc() || count > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return not_a_duration(text);
    left.remove_prefix(static_cast<size_t>(end - left.data()));
    const std::string_view name = left.substr(0, static_cast<size_t>(std::find_if(left.begin(), left.end(), is_digit) - left.begin()));
    const Unit* unit = std::find_if(next_unit, kUnits.data() + kUnits.size(), [&](const Unit& u) { return u.name == name; });
    int64_t part_ms = 0;
    if (unit == kUnits.data() + kUnits.size() || __builtin_mul_overflow(static_cast<int64_t>(count), -unit->ms, &part_ms) ||
        __builtin_add_overflow(sum_ms, part_ms, &sum_ms)) {
      return not_a_duration(text);
    }
    next_unit = unit + 1;
    left.remove_prefix(name.size());
  }
  if (!negative && sum_ms == std::numeric_limits<int64_t>::min()) return not_a_duration(text);
  return negative ? sum_ms : -sum_ms;
}

}  // namespace headroom
