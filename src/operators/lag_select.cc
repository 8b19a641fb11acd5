#include "operators/lag_select.h"

#include <algorithm>
#include <utility>

#include "policy/moving_results.h"

namespace headroom {
namespace {

constexpr int64_t kNeverMilli = MovingResults::kMost;

int64_t bounded(int64_t value) {
  return std::clamp<int64_t>(value, 0, kNeverMilli);
}
int64_t of_records(int64_t records) {
  return records >= kNeverMilli / 1000 ? kNeverMilli : bounded(records * 1000);
}
std::optional<int64_t> bounded(const std::optional<int64_t>& ms) {
  return ms ? std::optional(bounded(*ms)) : std::nullopt;
}

bool judged(const LagStanding& s) {
  return s.verdict != LagVerdict::kUnknown;
}

std::optional<int64_t> oldest_unread(const LagStanding& s) {
  if (s.oldest_unread_ms) return bounded(*s.oldest_unread_ms);
  if (s.lag_records == 0 || s.verdict == LagVerdict::kOk) return 0;
  return std::nullopt;
}
std::optional<int64_t> time_to_loss(const LagStanding& s) {
  if (s.loss_ms) return bounded(*s.loss_ms);
  return judged(s) && s.lag_records ? std::optional(kNeverMilli) : std::nullopt;
}
std::optional<int64_t> time_to_catch_up(const LagStanding& s) {
  if (s.catch_up_ms) return bounded(*s.catch_up_ms);
  if (!judged(s) || !s.lag_records) return std::nullopt;
  if (*s.lag_records == 0) return 0;
  return s.produced_milli && s.consumed_milli ? std::optional(kNeverMilli) : std::nullopt;
}
std::optional<int64_t> open_transaction(const LagStanding& s) {
  if (s.open_transaction_ms) return bounded(*s.open_transaction_ms);
  return judged(s) ? std::optional<int64_t>(0) : std::nullopt;
}
std::optional<int64_t> lost_records(const LagStanding& s) {
  if (s.lost_records) return of_records(*s.lost_records);
  if (!s.committed_offset || !s.log_start_offset) return std::nullopt;
  return of_records(std::max<int64_t>(0, *s.log_start_offset - *s.committed_offset));
}

std::optional<int64_t> value_of(LagMetric metric, uint32_t verdicts, const LagStanding& s) {
  switch (metric) {
    case LagMetric::kLagSeconds:
      return bounded(s.lag_ms);
    case LagMetric::kLagRecords:
      return s.lag_records ? std::optional(of_records(*s.lag_records)) : std::nullopt;
    case LagMetric::kOldestUnreadSeconds:
      return oldest_unread(s);
    case LagMetric::kTimeToLossSeconds:
      return time_to_loss(s);
    case LagMetric::kTimeToCatchUpSeconds:
      return time_to_catch_up(s);
    case LagMetric::kOpenTransactionSeconds:
      return open_transaction(s);
    case LagMetric::kLostRecords:
      return lost_records(s);
    case LagMetric::kVerdict:
      break;
  }
  if ((verdicts >> static_cast<unsigned>(s.verdict) & 1) != 0) return 1000;
  return judged(s) ? std::optional<int64_t>(0) : std::nullopt;
}

uint32_t bits_of(const std::vector<std::string>& verdicts) {
  uint32_t bits = 0;
  for (unsigned i = 0; i <= static_cast<unsigned>(LagVerdict::kLosingData); ++i)
    for (const auto& name : verdicts)
      if (name == verdict_name(static_cast<LagVerdict>(i))) bits |= 1u << i;
  return bits;
}

}  // namespace

LagSelect::LagSelect(const LagDetectorParams& params) {
  auto compiled = std::make_shared<Compiled>();
  compiled->metric = params.metric;
  compiled->allows_commits = params.commit_allowance == CommitAllowance::kAuto &&
                             (params.metric == LagMetric::kLagSeconds || params.metric == LagMetric::kOldestUnreadSeconds);
  compiled->verdicts = bits_of(params.verdicts);
  for (const auto& name : params.by) compiled->by.emplace_back(name);
  for (const auto& filter : params.when) compiled->when.push_back({LagLabelField(filter.label), filter.matches});
  compiled_ = std::move(compiled);
}

bool LagSelect::wanted(const LagStanding& standing) const {
  LagLabelField::Digits digits;
  return std::all_of(compiled_->when.begin(), compiled_->when.end(),
                     [&](const Filter& filter) { return fits_one(filter.matches, filter.field.of(standing, digits)); });
}

void LagSelect::measure(const LagStanding& standing, LagReading& reading) const {
  reading.value_milli = value_of(compiled_->metric, compiled_->verdicts, standing);
  if (!reading.value_milli || !compiled_->allows_commits || !standing.commit_interval_ms) return;
  reading.allowance_ms = std::clamp<int64_t>(*standing.commit_interval_ms, 0, *reading.value_milli);
  *reading.value_milli -= reading.allowance_ms;
}

std::optional<LagReading> LagSelect::operator()(const LagStanding& standing) const {
  LagReading reading;
  reading.standing = &standing;
  if (standing.kind != StandingKind::kPartition) return reading;
  if (!wanted(standing)) return std::nullopt;
  LagLabelField::Digits digits;
  for (const auto& field : compiled_->by) {
    if (&field != compiled_->by.data()) reading.labels += '\x1f';
    reading.labels += field.of(standing, digits);
  }
  measure(standing, reading);
  return reading;
}

}  // namespace headroom
