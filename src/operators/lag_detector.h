#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "headroom/alert.h"
#include "headroom/operator.h"
#include "operators/lag_detector_params.h"
#include "operators/lag_mutes.h"
#include "operators/lag_select.h"
#include "policy/moving_results.h"

namespace headroom {

// What a detector found, before it is known how the consumers do: an alert; or a context that passes.
struct LagFinding {
  std::optional<AlertEvent> alert;
  const LagStanding* context = nullptr;  // stays where it is until the chunk is over
};

// What is kept of an open incident.
struct LagIncident {
  int64_t fired_ms = 0;
  uint64_t group = 0;              // hash of the worst partition's cluster and group when it fired
  AlertEnd end = AlertEnd::kGone;  // the reason, should nothing of it be left at the next tick
  int64_t clear_since_ms = 0;      // the first tick of a row that clears; 0: none
  auto fields() { return std::tie(fired_ms, group, end, clear_since_ms); }
};

// One detector: incidents begin and end, once each, by the results of its label sets at ticks.
//
// At a tick the known values of all partitions of a label set become one (`aggregation`); these results become one over the moving window
// that ends with the tick (`over`, see policy/moving_results.h). An incident fires at the first tick at which every such result of the last
// `for` was beyond the threshold: the first tick of an unbroken row of them is at least `for` ago. It is resolved at the first tick at
// which every result of the last `clear_for` was at `clear` or on its good side. A tick at which no value of the set is known is missing:
// it neither fires nor clears, and breaks no row. Where words leave a choice, this is taken:
//
// - A partition whose value is not known does not count, whatever it was before: the others decide.
// - A row begins with the first result that was seen; nothing fires before a set has been watched for `for`.
// - A set of which no partition is left at a tick (its groups forgotten, deleted, given other labels) ends its incident at that tick, with
//   the reason that the group was forgotten for, if it was the worst one's when the incident fired; its windows begin anew.
// - A detector of the same name that means something else (metric, verdicts, labels, aggregation, window, side) ends incidents as
//   `changed` and begins anew.
// - The peak is the worst result of the row and of the incident.
// - Mute windows change nothing but the mark, and until when it is meant to hold.
// - A state is forgotten 30 days after the last standing of its set: sources may be away for long, and open incidents must outlive that.
//
// The incident's id is the XXH3 of the detector's name, the labels and the first tick of the row, in 16 hex digits.
class LagDetector {
 public:
  using In = LagReading;
  using Out = LagFinding;

  // The tick under way: what its partitions came to.
  struct Tally {
    uint32_t partitions = 0;
    uint32_t known = 0;
    int64_t value = 0;  // so far, of max, min and sum
    int64_t lag_records = 0;
    int64_t produced_milli = 0;
    int64_t consumed_milli = 0;
    // Of the worst partition.
    int64_t worst = 0;
    std::string place;  // cluster, group and topic with '\x1f' between; the bytes are kept from tick to tick
    int32_t partition = 0;
    LagVerdict verdict = LagVerdict::kOk;
    LagQuality quality = LagQuality::kUnknown;
    std::optional<int64_t> lag_ms;
    int64_t lag_error_ms = 0;
    int64_t allowance_ms = 0;
    auto fields() {
      return std::tie(partitions, known, value, lag_records, produced_milli, consumed_milli, worst, place, partition, verdict, quality,
                      lag_ms, lag_error_ms, allowance_ms);
    }
  };

  struct State {
    Tally tally;
    MovingResults window;
    int64_t beyond_since_ms = 0;  // the first tick of the row, or of the incident's; 0: none
    int64_t peak_milli = 0;       // of them
    std::optional<LagIncident> incident;
    uint16_t meaning = 0;  // of the detector, when the members above were written
    auto fields() { return std::tie(tally, window, beyond_since_ms, peak_milli, incident, meaning); }
  };

  explicit LagDetector(const LagDetectorParams& params);

  // Contexts are all let pass through one state, which is never used.
  static StateKey key(const LagReading& in) { return {in.labels, {}}; }
  static bool for_all(const LagReading& in) {
    return in.standing->kind == StandingKind::kEndOfTick || in.standing->kind == StandingKind::kForgotten;
  }
  void step(State& state, const LagReading& in, Emitter<LagFinding>& emit) const;
  void step_all(const StateKey& key, State& state, const LagReading& in, Emitter<LagFinding>& emit) const;
  void after_all(const LagReading&, Emitter<LagFinding>&) const {}
  int64_t idle_ms() const;
  static constexpr uint32_t kStateVersion = 1;

 private:
  struct Compiled;
  struct Tick;  // of one label set
  bool worse(int64_t a, int64_t b) const;
  bool beyond(int64_t value) const;
  bool cleared(int64_t value) const;
  int64_t result_of(const Tally& tally) const;
  void end_tick(const Tick& tick, State& state, Emitter<LagFinding>& emit) const;
  void watch(const Tick& tick, State& state, int64_t value, Emitter<LagFinding>& emit) const;
  void follow(const Tick& tick, State& state, int64_t value, Emitter<LagFinding>& emit) const;
  void resolve(const Tick& tick, State& state, AlertEnd end, std::optional<int64_t> value, Emitter<LagFinding>& emit) const;
  AlertEvent event_of(const Tick& tick, const State& state, std::optional<int64_t> value) const;

  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace headroom
