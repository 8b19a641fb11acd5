#include "forecast/companions.h"

#include <algorithm>
#include <cmath>

#include "forecast/packed.h"
#include "forecast/series_filters.h"
#include "forecast/series_scale.h"

namespace headroom {
namespace {

constexpr float kSilent = 1e9F;           // where nothing was heard; no log value is so large
constexpr uint16_t kSilentHalf = 0x7E00;  // not a number
constexpr float kMostLog = 20;
constexpr float kMostUnits = 1e15F, kMostSize = 1e30F;  // squares of values, and ten times them, stay finite
constexpr float kUnitShare = 0.05F;                     // of the mean size
constexpr float kLeastUnit = 1e-30F;
constexpr float kLeastScale = 1e-5F;
constexpr float kMostInput = 30;
constexpr size_t kOwnInputs = 1;

// How far back the inputs of one companion reach: the fewer companions, the closer the steps.
std::span<const int64_t> lags_of(size_t companions) {
  static constexpr std::array<int64_t, 13> kOne = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, kCompanionLags};
  static constexpr std::array<int64_t, 7> kTwo = {0, 1, 3, 4, 5, 9, kCompanionLags};
  static constexpr std::array<int64_t, 5> kThree = {0, 1, 5, 9, kCompanionLags};
  static_assert(kOwnInputs + (kOne.size() - 1) <= kCompanionInputs);
  static_assert(kOwnInputs + 2 * (kTwo.size() - 1) <= kCompanionInputs);
  static_assert(kOwnInputs + 3 * (kThree.size() - 1) <= kCompanionInputs);
  if (companions == 1) return kOne;
  if (companions == 2) return kTwo;
  return kThree;
}

bool silent(float log_value) {
  return !(std::abs(log_value) <= kMostLog);
}
float log_of(const CompanionTrack& track, float value) {
  const float most = std::min(kMostUnits * track.unit, kMostSize);
  return to_log(std::clamp(value, -most, most), track.unit);
}
float packing_scale(const CompanionTrack& track) {
  return track.scale > 0 ? std::max(track.scale, kLeastScale) : 1;
}
bool comes(std::span<const float> values, size_t companion, const CompanionBlock& block) {
  return companion < std::min<size_t>(values.size(), block.count) && std::isfinite(values[companion]);
}
Features with_own(const Features& inputs, float plain) {
  Features out = inputs;
  out.at[0] = plain;
  return out;
}

}  // namespace

void CompanionBlock::begin(size_t companions) {
  count = static_cast<uint8_t>(companions);
  for (auto& step : heard) step.fill(kSilentHalf);
}

void Companions::begin() {
  tracks = {};
  for (auto& ridge : ridges) Ridge::begin(ridge, 0.02F);
  restart();
}

void Companions::restart() {
  for (auto& step : recent) step.fill(kSilent);
}

void Companions::hear(std::span<const float> values, size_t at, CompanionBlock& block) const {
  for (size_t i = 0; i < kMostCompanions; ++i) {
    const auto& track = tracks[i];
    uint16_t& heard = block.heard[at][i];
    heard = kSilentHalf;
    // The first of all waits for the end of a block, where its unit is set.
    if (!comes(values, i, block) || track.values == 0) continue;
    const float change = (log_of(track, values[i]) - track.last) / packing_scale(track);
    to_halves({&change, 1}, {&heard, 1});
  }
}

void Companions::take(const CompanionBlock& block, int64_t from, int64_t to, std::span<const float> values, int64_t day) {
  for (size_t i = 0; i < std::min<size_t>(block.count, kMostCompanions); ++i) {
    auto& track = tracks[i];
    const bool heard = comes(values, i, block);
    if (heard && track.values == 0 && values[i] != 0) track.unit = std::clamp(kUnitShare * std::abs(values[i]), kLeastUnit, kMostSize);
    // All as it was seen, before the track changes by which it was seen.
    std::array<float, kBlock> logs{};
    for (int64_t step = from; step < to; ++step) logs[static_cast<size_t>(step - from)] = at(i, {block, from - 1, to}, step);
    logs[static_cast<size_t>(to - from)] = heard ? log_of(track, values[i]) : kSilent;
    for (int64_t step = from; step <= to; ++step) advance(i, step, logs[static_cast<size_t>(step - from)], day);
    follow_size(i);
  }
}

void Companions::advance(size_t companion, int64_t step, float log_value, int64_t day) {
  auto& track = tracks[companion];
  recent[static_cast<size_t>(step) % kCompanionSteps][companion] = log_value;
  if (silent(log_value)) return;
  track.values = std::min(track.values + 1, kMostValues);
  const float rate = mean_rate(track.values, day);
  const float size = std::min(std::abs(from_log(log_value, track.unit)), kMostSize);
  track.mean_size += rate * ((track.mean_size > 0 ? std::min(size, 10 * track.mean_size) : size) - track.mean_size);
  const float before = recent[static_cast<size_t>(step + static_cast<int64_t>(kCompanionSteps) - 1) % kCompanionSteps][companion];
  if (!silent(before)) {
    const float change = std::abs(log_value - before);
    track.scale += rate * ((track.scale > 0 ? std::min(change, 10 * track.scale) : change) - track.scale);
  }
  track.last = log_value;
}

// Another unit is due when values have become so large or small.
void Companions::follow_size(size_t companion) {
  auto& track = tracks[companion];
  const float due = std::max(kUnitShare * track.mean_size, kLeastUnit);
  if (track.mean_size <= 0 || (track.unit <= 4 * due && track.unit >= due / 4)) return;
  const auto again = [&](float& log_value) {
    if (!silent(log_value)) log_value = to_log(from_log(log_value, track.unit), due);
  };
  for (auto& step : recent) again(step[companion]);
  again(track.last);
  track.unit = due;
}

float Companions::at(size_t companion, const Origin& origin, int64_t step) const {
  if (step <= origin.learned) {
    const bool kept = step >= 0 && step + static_cast<int64_t>(kCompanionSteps) > origin.learned;
    return kept ? recent[static_cast<size_t>(step) % kCompanionSteps][companion] : kSilent;
  }
  float change = 0;
  from_halves({&origin.block.heard[static_cast<size_t>(step - origin.learned - 1)][companion], 1}, {&change, 1});
  const auto& track = tracks[companion];
  const float log_value = track.last + packing_scale(track) * change;
  return silent(log_value) ? kSilent : log_value;
}

float Companions::carried(size_t companion, const Origin& origin, int64_t step) const {
  float found = kSilent;
  for (int64_t back = 0; back <= kCompanionCarry && silent(found); ++back) found = at(companion, origin, step - back);
  return found;
}

bool Companions::inputs(const Origin& origin, Features& out) const {
  const size_t count = std::min<size_t>(origin.block.count, kMostCompanions);
  const auto lags = lags_of(count);
  bool any = false;
  size_t place = kOwnInputs;
  for (size_t i = 0; i < count; ++i) {
    const float scale = std::max(tracks[i].scale, kLeastScale);
    float after = carried(i, origin, origin.step);
    any = any || !silent(after);
    for (const int64_t lag : lags.subspan(1)) {
      const float then = carried(i, origin, origin.step - lag);
      out.at[place++] = silent(after) || silent(then) ? 0.0F : std::clamp((after - then) / scale, -kMostInput, kMostInput);
      after = then;
    }
  }
  return any;
}

float Companions::corrected(size_t horizon, const Features& inputs, float plain) const {
  return plain + predict(ridges[horizon], with_own(inputs, plain));
}

void Companions::learn(size_t horizon, const Features& inputs, const Lesson& lesson) {
  Ridge ridge(ridges[horizon]);
  ridge.learn(with_own(inputs, lesson.plain), lesson.target - lesson.plain, lesson.huber, lesson.forgetting);
  ridge.store(ridges[horizon]);
}

bool Companions::sound() const {
  return std::all_of(tracks.begin(), tracks.end(), [](const CompanionTrack& track) {
    return track.unit > 0 && track.unit <= kMostSize && track.mean_size >= 0 && track.mean_size <= kMostSize && track.scale >= 0 &&
           track.values <= kMostValues;
  });
}

}  // namespace headroom
