#pragma once

#include <cstdint>
#include <tuple>

namespace headroom {

// Utilisations are shares of 1.
struct TargetRule {
  double highest = 0.8;
  double lowest = 0.68;
  double step = 0.07;          // down at each near miss
  double back_a_day = 0.02;    // up again
  double near_from = 0.97;     // a near miss begins where the load fills this share of the replicas ...
  double near_to = 1.15;       // ... and ends where no target in use would have prevented it
  int64_t least_replicas = 3;  // of fewer, one more or less is more than any step
  int64_t apart_ms = 600'000;  // near misses that follow each other sooner are one
};

// The utilisation at which the load is carried, found for each target by what it does: down a step when the load filled the replicas that
// there were and a lower utilisation would have had room for it, up slowly while that does not happen. Steady loads so run at the highest,
// those that rise faster than replicas start at the lowest. (Additive increase and a decrease at each sign of congestion: Chiu and Jain,
// "Analysis of the increase and decrease algorithms for congestion avoidance in computer networks", 1989.)
//
// Plain data; a State may hold it. Calls come in the order of time. One thread.
struct AdaptiveTarget {
  double below = 0;  // how far below the highest
  int64_t time_ms = 0;
  int64_t missed_ms = 0;

  // `full_replicas`: the load in replicas at a utilisation of 1; `ready`: those that carry it.
  void see(const TargetRule& rule, int64_t now_ms, double full_replicas, int64_t ready);
  double target(const TargetRule& rule) const;

  auto fields() { return std::tie(below, time_ms, missed_ms); }
};

}  // namespace headroom
