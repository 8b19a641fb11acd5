#include "policy/moving_results.h"

#include <algorithm>

namespace headroom {
namespace {

constexpr int64_t kLastMs = int64_t{1} << 53;

// What the next step is likely to be: ticks come in whole seconds, give or take a little.
int64_t likely_step(int64_t last_ms, int64_t time_ms) {
  return last_ms == 0 ? 0 : (time_ms - last_ms + 500) / 1000 * 1000;
}

// Whether a result that came before may be forgotten now that `value` is there.
bool outdone(MovingKind kind, int64_t before, int64_t value) {
  if (kind == MovingKind::kMax) return before <= value;
  return kind == MovingKind::kMin && before >= value;
}

}  // namespace

int64_t MovingResults::add(MovingKind kind, int64_t window_ms, int64_t time_ms, int64_t value) {
  value = std::clamp<int64_t>(value, 0, kMost);
  if (!entries_.empty()) time_ms = std::max(time_ms, entries_.back().time_ms);
  while (!entries_.empty() && outdone(kind, entries_.back().value, value)) entries_.pop_back();
  if (!entries_.empty() && entries_.back().time_ms / kSlotMs == time_ms / kSlotMs) {
    entries_.back().time_ms = time_ms;
    if (kind == MovingKind::kMean) entries_.back().value = value;
  } else {
    entries_.push_back({time_ms, value});
  }
  const auto first =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.time_ms > time_ms - window_ms; });
  entries_.erase(entries_.begin(), first);
  if (kind != MovingKind::kMean) return entries_.front().value;
  int64_t sum = 0;
  for (const Entry& entry : entries_) sum += entry.value;
  return sum / static_cast<int64_t>(entries_.size());
}

// Times as differences from what the last step lets expect, which are small where ticks are regular; values as differences.
void MovingResults::save(ByteWriter& out) const {
  out.varint(entries_.size());
  Entry last{0, 0};
  int64_t step = 0;
  for (const Entry& entry : entries_) {
    out.zigzag(entry.time_ms - last.time_ms - step);
    out.zigzag(entry.value - last.value);
    step = likely_step(last.time_ms, entry.time_ms);
    last = entry;
  }
}

bool MovingResults::load(ByteReader& in) {
  const uint64_t count = in.varint();
  if (!in.ok() || count > kMostEntries || count > in.left()) return false;
  entries_.clear();
  entries_.reserve(count);
  Entry last{0, 0};
  int64_t step = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const int64_t time_change = in.zigzag();
    const int64_t value_change = in.zigzag();
    Entry entry{};
    int64_t away = 0;
    if (!in.ok() || __builtin_add_overflow(time_change, step, &away) || __builtin_add_overflow(last.time_ms, away, &entry.time_ms) ||
        __builtin_add_overflow(last.value, value_change, &entry.value))
      return false;
    if (entry.time_ms <= last.time_ms || entry.time_ms > kLastMs || entry.value < 0 || entry.value > kMost) return false;
    step = likely_step(last.time_ms, entry.time_ms);
    last = entry;
    entries_.push_back(entry);
  }
  return true;
}

}  // namespace headroom
