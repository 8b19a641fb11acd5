#include "operators/lag_seen.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace headroom {
namespace {

constexpr std::array<std::string_view, 10> kGroupStates = {"",     "Unknown", "PreparingRebalance", "CompletingRebalance", "Stable",
                                                           "Dead", "Empty",   "Assigning",          "Reconciling",         "NotReady"};

// What a number is told as a distance from.
enum class Base : uint8_t { kZero, kEnd, kObserved };
struct Row {
  std::optional<int64_t> LagSeen::*member;
  Base base;
};
// The end first: others are told from it. Append only: places are numbers of the wire.
constexpr std::array<Row, 12> kRows = {{
    {&LagSeen::end_offset, Base::kZero},
    {&LagSeen::committed_offset, Base::kEnd},
    {&LagSeen::log_start_offset, Base::kZero},
    {&LagSeen::last_stable_offset, Base::kEnd},
    {&LagSeen::consumed_time_ms, Base::kObserved},
    {&LagSeen::end_time_ms, Base::kObserved},
    {&LagSeen::unread_time_ms, Base::kObserved},
    {&LagSeen::open_transaction_ms, Base::kZero},
    {&LagSeen::retention_ms, Base::kZero},
    {&LagSeen::retention_bytes, Base::kZero},
    {&LagSeen::lost_records, Base::kZero},
    {&LagSeen::members, Base::kZero},
}};
constexpr uint64_t kAssignedKnown = uint64_t{1} << kRows.size();
constexpr uint64_t kAssigned = kAssignedKnown << 1;
constexpr uint64_t kFlags = kAssigned << 1;
constexpr int64_t kMost = INT64_MAX / 4;

int64_t base_of(const LagSeen& seen, Base base) {
  if (base == Base::kObserved) return seen.observed_ms;
  return base == Base::kEnd ? seen.end_offset.value_or(0) : 0;
}

}  // namespace

LagSeen LagSeen::of(const LagSample& sample) {
  LagSeen seen;
  seen.observed_ms = sample.observed_ms;
  seen.committed_offset = sample.committed_offset;
  seen.log_start_offset = sample.log_start_offset;
  seen.end_offset = sample.end_offset;
  seen.last_stable_offset = sample.last_stable_offset;
  seen.consumed_time_ms = sample.consumed_time_ms;
  seen.end_time_ms = sample.end_time_ms;
  seen.unread_time_ms = sample.unread_time_ms;
  seen.open_transaction_ms = sample.open_transaction_ms;
  seen.retention_ms = sample.retention_ms;
  seen.retention_bytes = sample.retention_bytes;
  seen.lost_records = sample.lost_records;
  seen.members = sample.members;
  seen.assigned = sample.assigned;
  seen.error_ms = std::min(sample.consumed_time_error_ms + sample.end_time_error_ms, kMost);
  seen.quality = sample.quality;
  seen.group_state = group_state_code(sample.group_state);
  return seen;
}

std::optional<int64_t> LagSeen::lag_records() const {
  const auto end = readable_end();
  if (!committed_offset || !end) return std::nullopt;
  return std::max<int64_t>(0, *end - std::max(*committed_offset, log_start_offset.value_or(0)));
}

bool LagSeen::data_waits() const {
  if (lag_records().value_or(0) == 0) return false;
  if (unread_time_ms || quality == LagQuality::kUnknown) return true;
  // No record that waits was found. The last consumed one is then the last of all; a source that has only not got round to reading would
  // say other times.
  return !consumed_time_ms || !end_time_ms || std::abs(*end_time_ms - *consumed_time_ms) > error_ms;
}

std::optional<int64_t> LagSeen::lag_ms() const {
  if (!lag_records()) return std::nullopt;
  if (!data_waits()) return 0;
  const auto consumed = consumed_time_ms ? consumed_time_ms : unread_time_ms;
  if (quality == LagQuality::kUnknown || !consumed || !end_time_ms) return std::nullopt;
  return std::max<int64_t>(0, *end_time_ms - *consumed);
}

void LagSeen::save(ByteWriter& out) const {
  uint64_t mask = 0;
  for (size_t i = 0; i < kRows.size(); ++i)
    if (this->*kRows[i].member) mask |= uint64_t{1} << i;
  if (assigned) mask |= *assigned ? kAssignedKnown | kAssigned : kAssignedKnown;
  out.varint(mask | static_cast<uint64_t>(quality) * kFlags | static_cast<uint64_t>(group_state) * kFlags * 4);
  out.varint(static_cast<uint64_t>(observed_ms));
  out.varint(static_cast<uint64_t>(error_ms));
  for (const Row& row : kRows)
    if (const auto& value = this->*row.member) out.zigzag(*value - base_of(*this, row.base));
}

bool LagSeen::load(ByteReader& in) {
  const uint64_t mask = in.varint();
  const uint64_t observed = in.varint();
  const uint64_t error = in.varint();
  const uint64_t state = mask / kFlags / 4;
  if (!in.ok() || observed > kMost || error > kMost || state >= kGroupStates.size()) return false;
  observed_ms = static_cast<int64_t>(observed);
  error_ms = static_cast<int64_t>(error);
  quality = static_cast<LagQuality>(mask / kFlags % 4);
  group_state = static_cast<uint8_t>(state);
  assigned.reset();
  if ((mask & kAssignedKnown) != 0) assigned = (mask & kAssigned) != 0;
  for (size_t i = 0; i < kRows.size(); ++i) {
    auto& value = this->*kRows[i].member;
    value.reset();
    if ((mask >> i & 1) == 0) continue;
    int64_t sum = 0;
    if (__builtin_add_overflow(in.zigzag(), base_of(*this, kRows[i].base), &sum) || sum < 0 || sum > kMost) return false;
    value = sum;
  }
  return in.ok();
}

uint8_t group_state_code(std::string_view text) {
  const auto at = std::find(kGroupStates.begin(), kGroupStates.end(), text);
  return at == kGroupStates.end() ? 0 : static_cast<uint8_t>(at - kGroupStates.begin());
}

std::string_view group_state_text(uint8_t code) {
  return code < kGroupStates.size() ? kGroupStates[code] : std::string_view();
}

}  // namespace headroom
