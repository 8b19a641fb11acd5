#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "config/config.h"
#include "spot/notice.h"

namespace headroom {

// What changed with one look at the metadata service.
struct NoticeChange {
  std::vector<Notice> fresh;  // not told at the last look
  std::optional<Notice> due;  // the one to leave for, now; at most once
  bool withdrawn = false;     // the machine stays after all
};

// When to leave, by what looks tell. A notice is due `leave_before` ahead of its time, at once without one; a recommendation only when the
// settings say so; one that is further past than `stay_drained` is history (the machine is still there). No clock, no I/O; one thread.
class StandingNotices {
 public:
  explicit StandingNotices(const SpotConfig& config) : config_(config) {}

  // `told`: everything of one look.
  NoticeChange update(std::span<const Notice> told, int64_t now_ms);

 private:
  bool is_due(const Notice& notice, int64_t now_ms) const;

  const SpotConfig config_;
  std::vector<Notice> known_;
  bool due_told_ = false;
  int looks_without_ = 0;
};

}  // namespace headroom
