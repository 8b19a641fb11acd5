#pragma once

#include <string>

#include "base/concat.h"
#include "simulator/simulation.h"

namespace headroom::simulator {

// Adds a line to the trace, when one is asked for.
template <class... Parts>
void Simulation::note(const Parts&... parts) {
  if (!traced_) return;
  std::string line = std::to_string(clock_.steady_us() / 1000) + " ms:";
  ((line += concat(" ", parts)), ...);
  outcome_.trace.push_back(std::move(line));
}

}  // namespace headroom::simulator
