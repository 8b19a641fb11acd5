#include "policy/offset_times.h"

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

constexpr int64_t kWide = 2 * OffsetTimes::kCloseMs;
// A little inside what is wanted, so that a record just beside a guess is still within it.
constexpr int64_t kStep = kWide - 100;
constexpr int64_t kFirstReachMs = 60'000;

}  // namespace

void OffsetTimes::clear() {
  points_.clear();
  reads_.clear();
  end_ = 0;
  differs_at_ = -1;
}

OffsetTimes::Learned OffsetTimes::looked_up(int64_t time_ms, Offset offset) {
  return insert({time_ms, offset, false});
}

OffsetTimes::Learned OffsetTimes::looked_up_none(int64_t time_ms, Offset end) {
  return insert({time_ms, end, true});
}

// All records before an older point's offset were stamped before its time. A record of a later time among them was not there: another log.
OffsetTimes::Learned OffsetTimes::insert(const Point& point) {
  Learned learned = Learned::kFits;
  auto at = std::lower_bound(points_.begin(), points_.end(), point.time_ms, [](const Point& p, int64_t time) { return p.time_ms < time; });
  if (at != points_.begin() && std::prev(at)->offset > point.offset) {
    clear();
    at = points_.end();
    learned = Learned::kMadeAnew;
  }
  // What stood behind it and is gone now (retention, compaction), or said less.
  auto stale = at;
  while (stale != points_.end() && (stale->time_ms == point.time_ms || stale->offset < point.offset)) ++stale;
  at = points_.erase(at, stale);
  points_.insert(at, point);
  if (points_.size() > size_t{4} * limits_.points) thin({});
  return learned;
}

// Drops the point whose absence widens a bracket least for its age: far back a minute matters less than a second does now. Whether there
// was one to drop.
bool OffsetTimes::thin(std::span<const Offset> in_use) {
  std::vector<const Point*> kept;
  for (const Offset offset : in_use) {
    const Bracket around = bracket(offset);
    kept.insert(kept.end(), {around.low, around.high});
  }
  const int64_t newest = points_.back().time_ms;
  size_t least = 0;
  double least_cost = INFINITY;
  for (size_t i = 1; i + 1 < points_.size(); ++i) {
    if (std::find(kept.begin(), kept.end(), &points_[i]) != kept.end()) continue;
    const auto width = static_cast<double>(points_[i + 1].time_ms - points_[i - 1].time_ms);
    const double cost = width / static_cast<double>(newest - points_[i].time_ms + kCloseMs);
    if (cost < least_cost) least = i, least_cost = cost;
  }
  if (least == 0) return false;
  points_.erase(points_.begin() + static_cast<std::ptrdiff_t>(least));
  return true;
}

void OffsetTimes::settle(std::span<const Offset> in_use) {
  while (points_.size() > limits_.points)
    if (!thin(in_use) && !thin({})) return;
}

OffsetTimes::Learned OffsetTimes::bounds(Offset start, Offset end) {
  Learned learned = Learned::kFits;
  if (end < end_) {
    clear();
    learned = Learned::kMadeAnew;
  }
  end_ = end;
  if (differs_at_ >= 0 && differs_at_ < start) {
    differs_at_ = -1;
    points_.clear();  // they were taken with that stamp in the log
  }
  std::erase_if(reads_, [&](const ReadRecord& r) { return r.until < start; });
  return learned;
}

OffsetTimes::Learned OffsetTimes::read(const ReadRecord& record) {
  for (ReadRecord& known : reads_) {
    if (known.offset != record.offset) continue;
    if (known.time_ms == record.time_ms) {
      known.until = std::max(known.until, record.until);
      return Learned::kFits;
    }
    return begin_anew(record);
  }
  Learned learned = Learned::kFits;
  const Bracket around = bracket(record.offset + 1);
  // All before a look-up's answer are stamped earlier than it, at any time.
  if (around.high != nullptr && record.time_ms >= around.high->time_ms) return begin_anew(record);
  if (around.low != nullptr && record.time_ms < around.low->time_ms - kCloseMs) {
    differs_at_ = std::max(differs_at_, record.offset);
    learned = Learned::kDiffers;
  }
  if (reads_.size() >= limits_.reads && !reads_.empty()) reads_.erase(reads_.begin());
  if (limits_.reads > 0) reads_.push_back(record);
  return learned;
}

OffsetTimes::Learned OffsetTimes::begin_anew(const ReadRecord& record) {
  const Offset end = end_;
  clear();
  end_ = end;
  if (limits_.reads > 0) reads_.push_back(record);
  return Learned::kMadeAnew;
}

const ReadRecord* OffsetTimes::covering(Offset offset) const {
  for (const ReadRecord& r : reads_)
    if (r.offset < offset && offset <= r.until) return &r;
  return nullptr;
}

bool OffsetTimes::is_empty(Offset from, Offset to) const {
  if (from >= to) return true;
  const ReadRecord* record = covering(from);
  return record != nullptr && record->until >= to;
}

std::optional<int64_t> OffsetTimes::at_or_after(Offset offset) const {
  const ReadRecord* record = covering(offset);
  const Offset next = record != nullptr ? record->until : offset;
  for (const ReadRecord& r : reads_)
    if (r.offset == next) return r.time_ms;
  return std::nullopt;
}

// The last record before `offset` is at offset - 1 or earlier, so its time is at least that of a look-up that gave offset - 1 or less, and
// under that of one that gave `offset` or more.
OffsetTimes::Bracket OffsetTimes::bracket(Offset offset) const {
  Bracket found;
  const auto high = std::partition_point(points_.begin(), points_.end(), [&](const Point& p) { return p.offset < offset; });
  if (high != points_.end()) found.high = &*high;
  for (auto low = high; low != points_.begin();) {
    --low;
    if (low->none) continue;
    found.low = &*low;
    break;
  }
  return found;
}

std::optional<KnownTime> OffsetTimes::interpolated(Offset offset) const {
  const auto [low, high] = bracket(offset);
  if (low == nullptr || high == nullptr) return std::nullopt;
  const int64_t first = low->time_ms;
  const int64_t last = std::max(first, high->time_ms - 1);
  const double share = static_cast<double>(offset - 1 - low->offset) / static_cast<double>(std::max<Offset>(high->offset - low->offset, 1));
  int64_t time_ms = first + std::llround(static_cast<double>(last - first) * share);
  if (last - first <= kWide) time_ms = std::clamp(time_ms, std::max(first, last - kCloseMs), std::min(last, first + kCloseMs));
  KnownTime known{time_ms, std::max(time_ms - first, last - time_ms), LagQuality::kBracketed};
  if (known.error_ms <= kCloseMs) known.quality = LagQuality::kInterpolated;
  return known;
}

std::optional<KnownTime> OffsetTimes::before(Offset offset) const {
  if (const ReadRecord* record = covering(offset)) return KnownTime{record->time_ms, 0, LagQuality::kExact};
  if (read_only()) return std::nullopt;
  return interpolated(offset);
}

std::optional<int64_t> OffsetTimes::to_look_up(Offset offset, int64_t now_ms, int round) const {
  if (read_only() || covering(offset) != nullptr) return std::nullopt;
  const auto [low, high] = bracket(offset);
  if (high == nullptr) {
    if (low == nullptr || low->time_ms < now_ms) return now_ms;
    // Written since, or by a clock a little ahead. Stamps further ahead are not searched for: one hides what follows, so that is to be
    // read.
    if (low->time_ms < now_ms + kStep) return now_ms + kStep;
    return std::nullopt;
  }
  if (low == nullptr) {
    if (high->time_ms <= 1) return std::nullopt;  // nothing is before it
    const int64_t back = std::max<int64_t>(now_ms - high->time_ms, 0);
    const int64_t reach = round == 0 ? kStep : kFirstReachMs + 2 * back;
    return std::max<int64_t>(high->time_ms - reach, 1);
  }
  const int64_t first = low->time_ms;
  const int64_t last = high->time_ms - 1;
  if (last - first <= kWide) return std::nullopt;
  if (round % 3 == 2 || high->offset - low->offset <= 2) return first + (last - first + 1) / 2;
  // Where it would be at a constant rate: first the one side of that place, then the other.
  const int64_t guess = interpolated(offset)->time_ms;
  if (last - guess < kStep) return last + 1 - kStep;
  if (guess - first < kStep) return first + kStep;
  return round % 3 == 0 ? guess - kStep / 2 : guess + kStep / 2;
}

}  // namespace headroom
