#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "headroom/lag.h"
#include "headroom/record.h"

namespace headroom {

// A time, and how far the true one may be from it.
struct KnownTime {
  int64_t time_ms = 0;
  int64_t error_ms = 0;
  LagQuality quality = LagQuality::kUnknown;
};

// A record that was read: nothing but markers, aborted and compacted records lies between it and `until`.
struct ReadRecord {
  Offset offset = 0;
  Offset until = 0;  // the offset of the next data record, or where the log ended
  int64_t time_ms = 0;
};

struct OffsetTimesLimits {
  uint32_t points = 128;
  uint32_t reads = 64;
};

// What is known of the times of one partition: enough to say the time of any offset, shared by all groups that read it.
//
// Two kinds of knowledge. A look-up (ListOffsets with a time) tells the first record with that stamp or a later one, so it answers on the
// running maximum of stamps: for an offset between two look-ups the time lies between theirs and is interpolated by offset. A read tells a
// record's own stamp: exact. Where a read record differs by over a second from what look-ups say of it, a stamp far ahead hides what
// follows, and the partition answers from reads alone (`read_only()`) until that place has left the log.
//
// Offsets and times are what Kafka says, neither negative; times are Unix ms. Bounded by its limits: beyond them points are thinned,
// sparser the older. One thread.
class OffsetTimes {
 public:
  // What new knowledge did to the old.
  enum class Learned {
    kFits,
    kDiffers,   // look-ups are wrong here: read_only() from now on
    kMadeAnew,  // it cannot be the same log: everything before was dropped
  };

  // Within this a time counts as interpolated.
  static constexpr int64_t kCloseMs = 1000;

  explicit OffsetTimes(OffsetTimesLimits limits = {}) : limits_(limits) {}

  // The first record stamped `time_ms` or later is at `offset`.
  Learned looked_up(int64_t time_ms, Offset offset);
  // No record is: all before `end` have earlier stamps.
  Learned looked_up_none(int64_t time_ms, Offset end);
  Learned read(const ReadRecord& record);
  // The log now starts and ends here. An end below one that was seen says that the topic was made anew.
  Learned bounds(Offset start, Offset end);
  void clear();
  // Thins points down to the limit: those around `in_use` go last, else the older, the sparser.
  void settle(std::span<const Offset> in_use);

  // The time of the last data record before `offset`. None: not known, or there is none.
  std::optional<KnownTime> before(Offset offset) const;
  // Whether it was read that no data record lies in [from, to), or from >= to.
  bool is_empty(Offset from, Offset to) const;
  // The stamp of the first data record at or after `offset`, where that was read.
  std::optional<int64_t> at_or_after(Offset offset) const;
  // Whether it was read what lies behind `offset`: a record, or the end.
  bool seen_behind(Offset offset) const { return covering(offset) != nullptr; }

  // The time to look up that tells most about `offset`: none when its time is known to a second or look-ups cannot tell. `now_ms` is where
  // the search begins, `round` counts the look-ups spent on it in a row (a guess by offset and a bisection take turns).
  std::optional<int64_t> to_look_up(Offset offset, int64_t now_ms, int round) const;

  bool read_only() const { return differs_at_ >= 0; }
  size_t points() const { return points_.size(); }
  size_t reads() const { return reads_.size(); }

 private:
  struct Point {
    int64_t time_ms = 0;
    Offset offset = 0;
    bool none = false;
  };
  struct Bracket {
    const Point* low = nullptr;
    const Point* high = nullptr;
  };

  Learned insert(const Point& point);
  Learned begin_anew(const ReadRecord& record);
  Bracket bracket(Offset offset) const;
  std::optional<KnownTime> interpolated(Offset offset) const;
  const ReadRecord* covering(Offset offset) const;
  bool thin(std::span<const Offset> in_use);

  OffsetTimesLimits limits_;
  Offset end_ = 0;
  Offset differs_at_ = -1;
  std::vector<Point> points_;      // by time; offsets do not fall
  std::vector<ReadRecord> reads_;  // as they came
};

}  // namespace headroom
