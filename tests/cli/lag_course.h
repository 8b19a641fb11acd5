#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "headroom/lag_codec.h"
#include "headroom/status.h"
#include "kafka/sample_producer.h"

namespace headroom {

// Hours of groups as a source would tell them, written as fast as a test likes: some keep up, some stall, stop, go back to an earlier
// offset or cannot keep up, all of them again and again. A function of the number of the cycle. Ten records a second are produced to each
// partition, stamped evenly.
class LagCourse {
 public:
  static constexpr int64_t kIntervalMs = 10'000;
  static constexpr int kLanes = 3;  // partitions of the lag topic
  static constexpr int kKeys = 6;
  static constexpr const char* kSource = "s";

  // `width` partitions of each group's topic.
  LagCourse(int64_t start_ms, int width) : start_ms_(start_ms), width_(width) {}

  int64_t tick_ms(int64_t cycle) const { return start_ms_ + cycle * kIntervalMs; }
  // What judges it: a pulse beats at every tick in each lane, so that one alert a lane says how far it has judged.
  static constexpr const char* kDetectors = R"([
    {"name": "pulse", "metric": "lag_records", "threshold": 50, "when": [{"label": "group", "matches": ["pulse-*"]}], "severity": "info"},
    {"name": "behind", "metric": "lag_seconds", "threshold": 120, "for": "1m", "clear": 60, "clear_for": "30s"},
    {"name": "view_behind", "metric": "lag_seconds", "by": ["env", "view"], "over": "max", "window": "5m", "threshold": 300, "for": "2m",
     "mute": [{"from": "22:00", "until": "06:00"}]}])";
  static constexpr const char* kScaling = R"({"groups": [{"group": "swamped-*"}]})";

  // The samples of a cycle under their keys, then a tick to every partition.
  Status write(SampleProducer& producer, int64_t cycle) const {
    Status status;
    std::string value;
    for (int key = 0; key < kKeys && status; ++key) {
      const std::string view = "v" + std::to_string(key);
      for (const Kind kind : {Kind::kPulse, Kind::kSteady, Kind::kStalled, Kind::kStopped, Kind::kRewound, Kind::kSwamped}) {
        const std::string group = name_of(kind) + std::string("-") + view;
        for (int partition = 0; partition < width_ && status; ++partition) {
          value.clear();
          append_lag_sample(sample({kind, group, view, key, partition}, cycle), value);
          status = producer.produce("production/" + view, value, -1, key % kLanes);
        }
      }
      if (status && cycle % 30 == key) status = write_context(producer, cycle, view, key % kLanes);
    }
    for (int lane = 0; lane < kLanes && status; ++lane) {
      value.clear();
      append_lag_tick({kSource, tick_ms(cycle), kIntervalMs, static_cast<uint64_t>(cycle) + 1}, value);
      status = producer.produce({}, value, -1, lane);
    }
    return status;
  }

 private:
  enum class Kind { kPulse, kSteady, kStalled, kStopped, kRewound, kSwamped };
  struct Place {
    Kind kind;
    const std::string& group;
    const std::string& view;
    int key;
    int partition;
  };

  static constexpr int64_t kPeriodS = 3000;
  static constexpr Offset kFirst = 1'000'000;

  static const char* name_of(Kind kind) {
    constexpr const char* kNames[] = {"pulse", "steady", "stalled", "stopped", "rewound", "swamped"};
    return kNames[static_cast<size_t>(kind)];
  }
  static Offset end_at(int64_t second) { return kFirst + 10 * second; }
  int64_t stamp(Offset offset) const { return start_ms_ + (offset - kFirst) * 100; }

  // Seconds into the group's present trouble, which comes anew every period.
  static int64_t trouble_s(const Place& place, int64_t second) { return (second + 977 * place.key + 60 * place.partition) % kPeriodS; }

  static Offset committed_at(const Place& place, int64_t cycle, int64_t second) {
    const int64_t into = trouble_s(place, second);
    const Offset end = end_at(second);
    switch (place.kind) {
      case Kind::kPulse:
        return cycle % 2 == 0 ? end : end_at(second - kIntervalMs / 1000);
      case Kind::kStalled:
        return into < 600 ? end_at(second - into) : end;
      case Kind::kStopped:
        return into < 400 ? end_at(second - into) : end;
      case Kind::kRewound:
        return into < 500 ? end - 5 * (500 - into) : end;
      case Kind::kSwamped:
        return into < 2000 ? end_at(second - into) + into * 10 / 4 : end;
      case Kind::kSteady:
        break;
    }
    return end;
  }

  LagSample sample(const Place& place, int64_t cycle) const {
    const int64_t second = cycle * kIntervalMs / 1000;
    LagSample out;
    out.cluster = "prod";
    out.group = place.group;
    out.topic = "orders";
    out.partition = place.partition;
    out.source = kSource;
    out.seq = static_cast<uint64_t>(cycle) + 1;
    out.observed_ms = tick_ms(cycle);
    out.end_offset = out.last_stable_offset = end_at(second);
    out.committed_offset = committed_at(place, cycle, second);
    out.log_start_offset = 0;
    out.consumed_time_ms = stamp(*out.committed_offset - 1);
    out.end_time_ms = stamp(*out.end_offset - 1);
    if (out.committed_offset < out.end_offset) out.unread_time_ms = stamp(*out.committed_offset);
    out.quality = LagQuality::kExact;
    const bool stopped = place.kind == Kind::kStopped && trouble_s(place, second) < 400;
    out.group_state = stopped ? "Empty" : "Stable";
    out.members = stopped ? 0 : 1;
    out.assigned = !stopped;
    labels_ = {{"env", "production"}, {"view", place.view}};
    out.labels = labels_;
    return out;
  }

  Status write_context(SampleProducer& producer, int64_t cycle, const std::string& view, int lane) const {
    const std::string group = "stalled-" + view;
    LagContext context;
    context.cluster = "prod";
    context.group = group;
    context.target = "prod/shop/Deployment/readers";
    context.lying_factor_cores = -0.25;
    context.cpu_used_ratio = 1.1;
    std::string value;
    append_lag_context(context, tick_ms(cycle), value);
    return producer.produce("production/" + view, value, -1, lane);
  }

  const int64_t start_ms_;
  const int width_;
  mutable std::vector<LagLabel> labels_;  // of the sample that is being made
};

}  // namespace headroom
