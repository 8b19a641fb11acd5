#include "operators/lag_detector.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "base/concat.h"
#include "base/hash.h"

namespace headroom {

struct LagDetector::Compiled {
  LagDetectorParams params;
  LagMutes mutes;
  // In thousandths of the unit, as values are: beyond is > (above) or < (below) the threshold, cleared <= or >= clear.
  int64_t threshold_milli = 0;
  int64_t clear_milli = 0;
  uint16_t meaning = 0;
};

struct LagDetector::Tick {
  std::string_view labels;
  int64_t time_ms = 0;
};

namespace {

constexpr int64_t kDayMs = 24 * 3'600'000;
constexpr int64_t kIdleMs = 30 * kDayMs;

int64_t floor_milli(int64_t micro) {
  return micro >= 0 ? micro / 1000 : -((-micro + 999) / 1000);
}
int64_t ceil_milli(int64_t micro) {
  return -floor_milli(-micro);
}

// Never zero, which is a new state's.
uint16_t meaning_of(const LagDetectorParams& p) {
  std::string text;
  const auto add = [&text](const auto& part) { text += concat(part, "\n"); };
  add(lag_metric_name(p.metric));
  for (const auto& verdict : p.verdicts) add(verdict);
  add("by");
  for (const auto& label : p.by) add(label);
  for (const int64_t number : {static_cast<int64_t>(p.aggregation), static_cast<int64_t>(p.over),
                               p.over == LagOver::kLatest ? int64_t{0} : p.window_ms, static_cast<int64_t>(p.above)})
    add(std::to_string(number));
  return static_cast<uint16_t>(hash_bytes(text) % 0xffff + 1);
}

std::string hex(uint64_t value) {
  std::array<char, 16> digits;
  const auto size = static_cast<size_t>(std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr - digits.data());
  return std::string(16 - size, '0').append(digits.data(), size);
}

uint64_t group_hash(std::string_view cluster, std::string_view group) {
  return hash_bytes(concat(cluster, "\x1f", group));
}

// The parts of a text joined by '\x1f'.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t end = text.find('\x1f'); end != std::string_view::npos; end = text.find('\x1f')) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

std::string_view quality_name(LagQuality quality) {
  constexpr std::array<std::string_view, 4> kNames = {"unknown", "bracketed", "interpolated", "exact"};
  return kNames[static_cast<size_t>(quality)];
}

// Sums stop at the largest value instead of wrapping.
int64_t sum_of(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

std::optional<int64_t> micro_of(std::optional<int64_t> milli) {
  return milli && *milli < MovingResults::kMost ? std::optional(*milli * 1000) : std::nullopt;
}

void clear(LagDetector::Tally& tally) {
  std::string kept = std::move(tally.place);
  kept.clear();
  tally = {};
  tally.place = std::move(kept);
}

AlertEvidence evidence_of(const LagDetector::Tally& tally) {
  AlertEvidence evidence;
  evidence.partitions = tally.partitions;
  evidence.known = tally.known;
  evidence.lag_records = tally.lag_records;
  evidence.produced_milli = tally.produced_milli;
  evidence.consumed_milli = tally.consumed_milli;
  if (tally.known == 0) return evidence;
  const auto place = parts_of(tally.place);
  if (place.size() == 3) evidence.cluster = place[0], evidence.group = place[1], evidence.topic = place[2];
  evidence.partition = tally.partition;
  evidence.verdict = verdict_name(tally.verdict);
  evidence.quality = quality_name(tally.quality);
  evidence.lag_ms = tally.lag_ms;
  evidence.lag_error_ms = tally.lag_error_ms;
  evidence.commit_allowance_ms = tally.allowance_ms;
  return evidence;
}

}  // namespace

LagDetector::LagDetector(const LagDetectorParams& params)
    : compiled_([&] {
        const int64_t clear_micro = params.clear_micro.value_or(params.threshold_micro);
        const auto milli = params.above ? floor_milli : ceil_milli;
        return std::make_shared<const Compiled>(
            Compiled{params, LagMutes(params.by, params.mutes), milli(params.threshold_micro), milli(clear_micro), meaning_of(params)});
      }()) {}

int64_t LagDetector::idle_ms() const {
  return kIdleMs;
}

bool LagDetector::worse(int64_t a, int64_t b) const {
  return compiled_->params.above ? a > b : a < b;
}
bool LagDetector::beyond(int64_t value) const {
  return worse(value, compiled_->threshold_milli);
}
bool LagDetector::cleared(int64_t value) const {
  return !worse(value, compiled_->clear_milli);
}

void LagDetector::step(State& state, const LagReading& in, Emitter<LagFinding>& emit) const {
  const LagStanding& standing = *in.standing;
  if (standing.kind == StandingKind::kContext) return emit({{}, &standing});
  if (standing.kind != StandingKind::kPartition) return;
  Tally& tally = state.tally;
  ++tally.partitions;
  if (!in.value_milli) return;
  const int64_t value = *in.value_milli;
  const bool first = tally.known++ == 0;
  const LagAggregation how = compiled_->params.aggregation;
  if (how == LagAggregation::kMax)
    tally.value = std::max(first ? value : tally.value, value);
  else if (how == LagAggregation::kMin)
    tally.value = std::min(first ? value : tally.value, value);
  else
    tally.value = sum_of(tally.value, value);
  tally.lag_records = sum_of(tally.lag_records, standing.lag_records.value_or(0));
  tally.produced_milli = sum_of(tally.produced_milli, standing.produced_milli.value_or(0));
  tally.consumed_milli = sum_of(tally.consumed_milli, standing.consumed_milli.value_or(0));
  if (!first && !worse(value, tally.worst)) return;
  tally.worst = value;
  tally.place.assign(standing.cluster).append(1, '\x1f').append(standing.group).append(1, '\x1f').append(standing.topic);
  tally.partition = standing.partition;
  tally.verdict = standing.verdict;
  tally.quality = standing.quality;
  tally.lag_ms = standing.lag_ms;
  tally.lag_error_ms = standing.lag_error_ms;
  tally.allowance_ms = in.allowance_ms;
}

void LagDetector::step_all(const StateKey& key, State& state, const LagReading& in, Emitter<LagFinding>& emit) const {
  const LagStanding& standing = *in.standing;
  if (standing.kind == StandingKind::kForgotten) {
    const LagForgotten& gone = standing.forgotten;
    if (state.incident && state.incident->group == group_hash(gone.cluster, gone.group))
      state.incident->end = gone.reason == "deleted" ? AlertEnd::kDeleted : AlertEnd::kUnseen;
    return;
  }
  end_tick({key.first, standing.time_ms}, state, emit);
  clear(state.tally);
}

int64_t LagDetector::result_of(const Tally& tally) const {
  const int64_t value = compiled_->params.aggregation == LagAggregation::kMean ? tally.value / tally.known : tally.value;
  return std::clamp<int64_t>(value, 0, MovingResults::kMost);
}

void LagDetector::end_tick(const Tick& tick, State& state, Emitter<LagFinding>& emit) const {
  const LagDetectorParams& params = compiled_->params;
  const bool changed = state.meaning != compiled_->meaning;
  if (changed || state.tally.partitions == 0) {
    if (state.incident) resolve(tick, state, changed ? AlertEnd::kChanged : state.incident->end, {}, emit);
    state.window.clear();
    state.beyond_since_ms = 0;
    state.peak_milli = 0;
    state.meaning = compiled_->meaning;
  }
  if (state.incident) state.incident->end = AlertEnd::kGone;
  if (state.tally.known == 0) return;
  int64_t value = result_of(state.tally);
  if (params.over != LagOver::kLatest) {
    const auto kind = params.over == LagOver::kMax ? MovingKind::kMax : params.over == LagOver::kMin ? MovingKind::kMin : MovingKind::kMean;
    value = state.window.add(kind, params.window_ms, tick.time_ms, value);
  }
  state.incident ? follow(tick, state, value, emit) : watch(tick, state, value, emit);
}

void LagDetector::watch(const Tick& tick, State& state, int64_t value, Emitter<LagFinding>& emit) const {
  if (!beyond(value)) {
    state.beyond_since_ms = 0;
    state.peak_milli = 0;
    return;
  }
  if (state.beyond_since_ms == 0) {
    state.beyond_since_ms = tick.time_ms;
    state.peak_milli = value;
  }
  if (worse(value, state.peak_milli)) state.peak_milli = value;
  if (tick.time_ms - state.beyond_since_ms < compiled_->params.for_ms) return;
  state.incident.emplace().fired_ms = tick.time_ms;
  AlertEvent alert = event_of(tick, state, value);
  state.incident->group = group_hash(alert.evidence.cluster, alert.evidence.group);
  emit({std::move(alert), nullptr});
}

void LagDetector::follow(const Tick& tick, State& state, int64_t value, Emitter<LagFinding>& emit) const {
  if (worse(value, state.peak_milli)) state.peak_milli = value;
  int64_t& clear_since_ms = state.incident->clear_since_ms;
  if (!cleared(value)) {
    clear_since_ms = 0;
    return;
  }
  if (clear_since_ms == 0) clear_since_ms = tick.time_ms;
  if (tick.time_ms - clear_since_ms >= compiled_->params.clear_for_ms) resolve(tick, state, AlertEnd::kCleared, value, emit);
}

void LagDetector::resolve(const Tick& tick, State& state, AlertEnd end, std::optional<int64_t> value, Emitter<LagFinding>& emit) const {
  AlertEvent alert = event_of(tick, state, value);
  alert.state = AlertState::kResolved;
  alert.end = end;
  emit({std::move(alert), nullptr});
  state.incident.reset();
  state.beyond_since_ms = 0;
  state.peak_milli = 0;
}

AlertEvent LagDetector::event_of(const Tick& tick, const State& state, std::optional<int64_t> value) const {
  const LagDetectorParams& params = compiled_->params;
  const auto values = parts_of(tick.labels);
  AlertEvent alert;
  alert.detector = params.name;
  alert.severity = params.severity;
  alert.incident = hex(hash_bytes(concat(params.name, "\n", tick.labels, "\n", std::to_string(state.beyond_since_ms))));
  for (size_t i = 0; i < std::min(params.by.size(), values.size()); ++i) alert.labels.emplace_back(params.by[i], values[i]);
  alert.metric = lag_metric_name(params.metric);
  alert.unit = lag_metric_unit(params.metric);
  alert.above = params.above;
  alert.threshold_micro = params.threshold_micro;
  alert.value_micro = micro_of(value);
  alert.peak_micro = micro_of(state.peak_milli);
  alert.time_ms = tick.time_ms;
  alert.since_ms = state.beyond_since_ms;
  alert.fired_ms = state.incident->fired_ms;
  alert.for_ms = params.for_ms;
  alert.muted_until_ms = compiled_->mutes.muted_until(tick.time_ms, values);
  alert.muted = alert.muted_until_ms != 0;
  alert.evidence = evidence_of(state.tally);
  return alert;
}

}  // namespace headroom
