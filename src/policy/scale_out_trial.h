#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

namespace headroom {

// A group at one tick, as far as it tells whether more consumers helped.
struct TrialTick {
  int64_t time_ms = 0;
  int64_t consumers = 0;
  int64_t group_milli = 0;  // consumed by all, thousandths of a record a second
  bool waiting = false;     // records wait; without any the group cannot show what it could do
};

// Whether scaling out helps a group. A trial begins when the consumers become more than they were at the command, and ends well with a
// group rate 10 % above that at the command (or half of what the added consumers promise, where that is less: the 21st of 20 cannot give 10
// %), with no lag left, or when the consumers are as few as before. Without any of these within start-up + 5 min scaling out is barred for
// an hour, and after that adds one consumer and a tenth of those there are, until the group has read a tenth more than it did or no lag is
// left: else the lag that grows behind another bottleneck would fill all partitions with consumers. A command that nobody heeded proves
// nothing, and is forgotten after an hour.
//
// Plain data; a State may hold it. Ticks come in the order of time. One thread.
struct ScaleOutTrial {
  int64_t commanded_ms = 0;
  int64_t consumers_before = 0;  // 0: no trial
  int64_t milli_before = 0;
  std::optional<int64_t> risen_ms;
  std::optional<int64_t> barred_until_ms;
  std::optional<int64_t> vain_milli;  // what the group read when the last trial ended without gain, until it reads more

  // A trial that is under way keeps what it compares with.
  void command(int64_t time_ms, int64_t consumers, int64_t group_milli);
  void observe(const TrialTick& tick, int64_t start_up_ms);
  // For the hour, and after one trial in vain until the next is over.
  bool bars(int64_t time_ms) const { return (barred_until_ms && time_ms < *barred_until_ms) || (vain() && risen_ms); }
  // Something other than the number of consumers holds the group back, as far as is known.
  bool vain() const { return vain_milli.has_value(); }
  // The most consumers to go out to.
  int64_t limit(int64_t consumers, int64_t wanted) const;

  auto fields() { return std::tie(commanded_ms, consumers_before, milli_before, risen_ms, barred_until_ms, vain_milli); }

 private:
  bool gained(const TrialTick& tick) const;
  void end();
};

}  // namespace headroom
