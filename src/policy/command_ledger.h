#pragma once

#include <array>
#include <cstdint>

#include "headroom/bytes.h"

namespace headroom {

// What holds commands back, all in event time.
struct CommandLimits {
  double min_change = 0.1;                  // share of the current size under which a change is not worth a command
  int64_t cooldown_ms = 10 * 60'000;        // after a command
  int64_t repeat_after_ms = 6 * 3'600'000;  // until a command that nobody heeded is said again
  uint32_t budget = 12;                     // commands a UTC day
};

enum class Suppression : uint8_t { kNone, kMinChange, kCooldown, kUnheeded, kBudget };

// The commands of one resource of one container: the last one, and how many of each UTC day. One thread.
class CommandLedger {
 public:
  // The first reason that holds against this command, in the order of the enumeration.
  Suppression against(const CommandLimits& limits, int64_t time_ms, int64_t current, int64_t desired) const;
  void spend(int64_t time_ms, int64_t current, int64_t desired);

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  struct Day {
    int64_t day = 0;  // since the epoch
    uint32_t commands = 0;
  };
  // Days that commands fell on, the latest ones: time may step back by a little where out-of-memory kills are told late.
  static constexpr size_t kDays = 4;

  int64_t last_ms_ = 0;
  int64_t last_current_ = 0;  // 0: no command yet
  int64_t last_desired_ = 0;
  std::array<Day, kDays> days_{};
};

}  // namespace headroom
