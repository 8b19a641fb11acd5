#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace headroom {

struct SurpriseRule {
  int64_t hold_ms = 3'600'000;
  int64_t most_beyond = 2;  // replicas by which the load may exceed what there was, for the hold to be cheap
  size_t a_day = 2;
};

// A load that suddenly asked for more than there was, as far as replicas of full utilisation go.
struct SurpriseSeen {
  int64_t time_ms = 0;
  double full_replicas = 0;  // the load in replicas at a utilisation of 1
  int64_t present = 0;
  int64_t need = 0;  // what the decision makes of the load
};

// What small surprises asked for, kept for a while: bursts come in clusters, and one or two replicas kept for an hour after the first cost
// less than being late for the next. Where surprises are large or come all day that is not so: such a hold begins only when the load
// exceeds what there is by a few replicas, and a few times in 24 hours; while it lasts, further surprises prolong it. Plain data; a State
// may hold it. Calls come in the order of time. One thread.
struct SurpriseHold {
  static constexpr size_t kMostADay = 24;

  int64_t need = 0;
  int64_t until_ms = 0;
  std::vector<int64_t> begun_ms;  // of the last 24 hours, ascending

  void see(const SurpriseRule& rule, const SurpriseSeen& seen);
  // The number below which one should not go now; 0 while nothing is held.
  int64_t floor(int64_t time_ms) const { return time_ms < until_ms ? need : 0; }

  auto fields() { return std::tie(need, until_ms, begun_ms); }
};

}  // namespace headroom
