#include "policy/command_ledger.h"

#include <algorithm>
#include <cstdlib>

#include "policy/quantity.h"

namespace headroom {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kMostTimeMs = INT64_MAX / 4;

}  // namespace

Suppression CommandLedger::against(const CommandLimits& limits, int64_t time_ms, int64_t current, int64_t desired) const {
  if (std::abs(desired - current) < round_units(limits.min_change * static_cast<double>(current))) return Suppression::kMinChange;
  if (last_current_ != 0) {
    const int64_t since_ms = time_ms - last_ms_;
    if (since_ms < limits.cooldown_ms) return Suppression::kCooldown;
    if (current == last_current_ && desired == last_desired_ && since_ms < limits.repeat_after_ms) return Suppression::kUnheeded;
  }
  const int64_t today = floor_div(time_ms, kDayMs);
  uint32_t spent = 0;
  for (const Day& day : days_) {
    if (day.commands > 0 && day.day == today) spent = day.commands;
  }
  return spent >= limits.budget ? Suppression::kBudget : Suppression::kNone;
}

void CommandLedger::spend(int64_t time_ms, int64_t current, int64_t desired) {
  last_ms_ = time_ms;
  last_current_ = current;
  last_desired_ = desired;
  const int64_t today = floor_div(time_ms, kDayMs);
  Day* place = &days_[0];
  for (Day& day : days_) {
    if (day.commands > 0 && day.day == today) return void(++day.commands);
    const bool free = day.commands == 0;
    if (place->commands != 0 && (free || day.day < place->day)) place = &day;
  }
  *place = {today, 1};
}

void CommandLedger::save(ByteWriter& out) const {
  out.varint(static_cast<uint64_t>(last_current_));
  if (last_current_ == 0) return;
  out.varint(static_cast<uint64_t>(last_desired_));
  out.zigzag(last_ms_);
  out.varint(static_cast<uint64_t>(std::count_if(days_.begin(), days_.end(), [](const Day& day) { return day.commands > 0; })));
  for (const Day& day : days_) {
    if (day.commands > 0) out.zigzag(day.day), out.varint(day.commands);
  }
}

bool CommandLedger::load(ByteReader& in) {
  *this = CommandLedger();
  const uint64_t current = in.varint();
  if (current == 0) return in.ok();
  const uint64_t desired = in.varint();
  last_ms_ = in.zigzag();
  const uint64_t days = in.varint();
  if (current > INT64_MAX || desired > INT64_MAX || days > kDays) return false;
  last_current_ = static_cast<int64_t>(current);
  last_desired_ = static_cast<int64_t>(desired);
  for (size_t i = 0; i < days; ++i) {
    days_[i].day = in.zigzag();
    const uint64_t commands = in.varint();
    if (commands == 0 || commands > UINT32_MAX) return false;
    days_[i].commands = static_cast<uint32_t>(commands);
  }
  return in.ok() && last_ms_ > -kMostTimeMs && last_ms_ < kMostTimeMs;
}

}  // namespace headroom
