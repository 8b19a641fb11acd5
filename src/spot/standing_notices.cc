#include "spot/standing_notices.h"

#include <algorithm>

namespace headroom {
namespace {

// A service that forgets a notice for one look has not withdrawn it.
constexpr int kWithdrawnLooks = 3;

}  // namespace

bool StandingNotices::is_due(const Notice& notice, int64_t now_ms) const {
  if (notice.kind == NoticeKind::kRebalance && config_.on_rebalance == OnRebalance::kIgnore) return false;
  if (notice.deadline_ms == 0) return true;
  const bool history = now_ms - notice.deadline_ms > config_.stay_drained_ms;
  return !history && notice.deadline_ms - now_ms <= config_.leave_before_ms;
}

NoticeChange StandingNotices::update(std::span<const Notice> told, int64_t now_ms) {
  NoticeChange change;
  for (const Notice& notice : told)
    if (std::find(known_.begin(), known_.end(), notice) == known_.end()) change.fresh.push_back(notice);
  known_.assign(told.begin(), told.end());
  const auto due = std::find_if(told.begin(), told.end(), [&](const Notice& n) { return is_due(n, now_ms); });
  if (due != told.end() && !due_told_) {
    due_told_ = true;
    change.due = *due;
  }
  looks_without_ = due == told.end() ? looks_without_ + 1 : 0;
  change.withdrawn = due_told_ && looks_without_ >= kWithdrawnLooks;
  return change;
}

}  // namespace headroom
