#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

// The rules of the best-known peer for judging consumer groups, Burrow, re-stated from its evaluator (1.9.5, defaults: ten commits and ten
// broker offsets a window, broker offsets each 10 s), to be run on the same cases. See tests/topologies/lag_watch_case_test.cc.
namespace headroom::testing {

class BurrowRules {
 public:
  struct Commit {
    int64_t time_ms;
    int64_t offset;
    int64_t lag;  // as it was when the commit came, against the last broker offset
  };

  void end_offset(int64_t offset) {
    ends_.push_back(offset);
    if (ends_.size() > kWindow) ends_.pop_front();
  }
  void commit(int64_t time_ms, int64_t offset) {
    commits_.push_back({time_ms, offset, ends_.empty() ? 0 : std::max<int64_t>(0, ends_.back() - offset)});
    if (commits_.size() > kWindow) commits_.pop_front();
  }

  // Whether its status is another than OK.
  bool alerts(int64_t now_ms) const {
    if (commits_.empty() || ends_.empty()) return false;
    const Commit& first = commits_.front();
    const Commit& last = commits_.back();
    if (ends_.back() - last.offset <= 0) return false;
    const bool lag_was_zero = std::any_of(ends_.begin(), ends_.end(), [&](int64_t end) { return end <= last.offset; });
    if (now_ms - last.time_ms > last.time_ms - first.time_ms && !lag_was_zero) return true;  // STOP
    if (rewound()) return true;
    if (std::any_of(commits_.begin(), commits_.end(), [](const Commit& c) { return c.lag == 0; })) return false;
    if (std::all_of(commits_.begin(), commits_.end(), [&](const Commit& c) { return c.offset == first.offset; })) return true;  // STALL
    for (size_t i = 1; i < commits_.size(); ++i)
      if (commits_[i].lag < commits_[i - 1].lag) return false;
    return true;  // WARN
  }

 private:
  static constexpr size_t kWindow = 10;

  bool rewound() const {
    for (size_t i = 1; i < commits_.size(); ++i) {
      if (commits_[i].offset >= commits_[i - 1].offset) continue;
      if (std::none_of(commits_.begin() + static_cast<std::ptrdiff_t>(i), commits_.end(),
                       [&](const Commit& later) { return later.offset >= commits_[i - 1].offset; }))
        return true;
    }
    return false;
  }

  std::deque<Commit> commits_;
  std::deque<int64_t> ends_;
};

}  // namespace headroom::testing
