#include "policy/lag_outlook.h"

#include <algorithm>

namespace headroom {
namespace {

__extension__ using Wide = __int128;

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kMostMs = INT64_MAX / 4;

// How long so many records last at a rate above zero.
int64_t span_ms(int64_t records, int64_t milli) {
  return static_cast<int64_t>(std::min<Wide>((static_cast<Wide>(records) * 1'000'000 + milli - 1) / milli, kMostMs));
}

}  // namespace

std::optional<int64_t> catch_up_ms(int64_t lag_records, std::optional<int64_t> produced_milli, std::optional<int64_t> consumed_milli) {
  if (lag_records == 0) return 0;
  if (!produced_milli || !consumed_milli || *consumed_milli <= *produced_milli) return std::nullopt;
  return span_ms(lag_records, *consumed_milli - *produced_milli);
}

std::optional<int64_t> loss_ms(const Retention& retention) {
  std::optional<int64_t> left;
  if (retention.retention_ms && retention.unread_age_ms) left = std::max<int64_t>(0, *retention.retention_ms - *retention.unread_age_ms);
  if (retention.retention_bytes && retention.deletes && retention.produced_milli.value_or(0) > 0) {
    const int64_t by_size = span_ms(retention.records_before, *retention.produced_milli);
    left = std::min(left.value_or(by_size), by_size);
  }
  return left;
}

bool near_retention(int64_t loss_ms, std::optional<int64_t> retention_ms) {
  if (!retention_ms) return loss_ms < kHourMs;
  return loss_ms < std::max(*retention_ms / 5, std::min(kHourMs, *retention_ms / 2));
}

}  // namespace headroom
