#include "operators/lag_follow.h"

namespace headroom {
namespace {

constexpr int64_t kSilentIntervals = 3;
// A rival that is itself silent makes way after so many ticks of others.
constexpr uint32_t kRivalMissedTicks = 6;

void hear(LagFollow::State& state) {
  state.has_rival = false;
  state.rival.clear();
  state.rival_since_ms = 0;
  state.rival_missed = 0;
}

void follow(LagFollow::State& state, std::string_view source, int64_t interval_ms) {
  state.following = true;
  state.source = source;
  state.interval_ms = interval_ms;
  hear(state);
}

// A tick of a source that is not followed.
void hear_other(LagFollow::State& state, const LagTick& tick) {
  if (state.has_rival && state.rival != tick.source && ++state.rival_missed < kRivalMissedTicks) return;
  if (!state.has_rival || state.rival != tick.source) {
    state.has_rival = true;
    state.rival = tick.source;
    state.rival_since_ms = tick.tick_ms;
    state.rival_missed = 0;
    return;
  }
  state.rival_missed = 0;
  const int64_t interval_ms = state.interval_ms > 0 ? state.interval_ms : tick.interval_ms;
  if (tick.tick_ms - state.rival_since_ms >= kSilentIntervals * interval_ms) follow(state, tick.source, tick.interval_ms);
}

}  // namespace

std::optional<LagEvent> LagFollow::step(State& state, const LagEvent& in) const {
  if (in.kind == LagKind::kContext || in.kind == LagKind::kForgotten) return in;
  const bool tick = in.kind == LagKind::kTick;
  const std::string_view source = tick ? in.tick.source : in.sample.source;
  if (!state.following) follow(state, source, 0);
  if (state.source != source) {
    if (tick) hear_other(state, in.tick);
    return std::nullopt;
  }
  hear(state);
  if (!tick) return in;
  state.interval_ms = in.tick.interval_ms;
  if (in.tick.tick_ms <= state.tick_ms) return std::nullopt;
  state.tick_ms = in.tick.tick_ms;
  return in;
}

}  // namespace headroom
