#pragma once

#include <cstdint>
#include <tuple>

namespace headroom {

// What was needed, proposed and running at one tick, in replicas.
struct ShadowTick {
  double full = 0;  // that the load would have filled
  int64_t proposed = 0;
  int64_t running = 0;
};

// How proposals that nobody carries out would have done beside what runs: how often each was short of the load, and how many replicas each
// took. Halved when it is two weeks of ticks long, so that what was lately counts more. Plain data; a State may hold it. One thread.
struct ShadowScore {
  static constexpr int64_t kMostTicks = 80'640;

  int64_t ticks = 0;
  int64_t short_proposed = 0;
  int64_t short_running = 0;
  int64_t replicas_proposed = 0;
  int64_t replicas_running = 0;

  void add(const ShadowTick& tick) {
    if (ticks >= kMostTicks)
      for (int64_t* sum : {&ticks, &short_proposed, &short_running, &replicas_proposed, &replicas_running}) *sum /= 2;
    ++ticks;
    short_proposed += static_cast<double>(tick.proposed) < tick.full ? 1 : 0;
    short_running += static_cast<double>(tick.running) < tick.full ? 1 : 0;
    replicas_proposed += tick.proposed;
    replicas_running += tick.running;
  }
  auto fields() { return std::tie(ticks, short_proposed, short_running, replicas_proposed, replicas_running); }
};

}  // namespace headroom
