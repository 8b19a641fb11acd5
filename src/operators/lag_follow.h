#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "headroom/lag.h"
#include "headroom/operator.h"

namespace headroom {

// Lets one source through, so that several may write for safety. A lane follows the first source that it hears of. It goes over to another
// once that one's ticks say that three intervals of the followed one have passed without any record of it. Silence is told by the other's
// ticks alone, so that clocks which differ do not matter. The tick that says so is not passed on: what the other wrote before it was not,
// either, so that its next cycle is the first whole one.
//
// Ticks rise: one that is not later than the last is dropped, whoever wrote it. Contexts and forgotten groups pass.
struct LagFollow {
  using In = LagEvent;
  using Out = LagEvent;

  struct State {
    bool following = false;
    std::string source;
    int64_t interval_ms = 0;  // of its last tick; 0: none yet
    int64_t tick_ms = 0;      // the last that was passed on
    // Another that was heard of since the followed one last was.
    bool has_rival = false;
    std::string rival;
    int64_t rival_since_ms = 0;  // its first tick since then
    uint32_t rival_missed = 0;   // ticks of yet others since its last
    auto fields() { return std::tie(following, source, interval_ms, tick_ms, has_rival, rival, rival_since_ms, rival_missed); }
  };

  static StateKey key(const LagEvent&) { return {}; }
  std::optional<LagEvent> step(State& state, const LagEvent& in) const;
  int64_t idle_ms() const { return INT64_MAX; }
  static constexpr uint32_t kStateVersion = 1;
};

}  // namespace headroom
