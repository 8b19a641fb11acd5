#pragma once

#include <chrono>

#include "engine/ports.h"

namespace headroom {

// The machine's clocks.
class SystemClock : public Clock {
 public:
  int64_t wall_ms() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  int64_t steady_us() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
};

}  // namespace headroom
