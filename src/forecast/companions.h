#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>

#include "forecast/lstm.h"
#include "forecast/own_lstm.h"
#include "forecast/ridge.h"

namespace headroom {

// Companions: other metrics of a series' target (replicas, requests, latency, saturation), whose values come with those of the series. A
// regression a horizon learns from their latest changes what the series' own first regression lacks; what it says is one more expert.
inline constexpr size_t kMostCompanions = 3;
inline constexpr int kMostHorizon = 15;
inline constexpr int64_t kCompanionLags = 15;   // steps that the inputs look back
inline constexpr int64_t kCompanionCarry = 3;   // steps for which a missing value is taken as the one before
inline constexpr size_t kCompanionInputs = 13;  // what the first regression says, and twelve changes
// At the end of a block the oldest origin that is learned from lies kMostHorizon and kBlock - 1 steps back.
inline constexpr size_t kCompanionSteps = kMostHorizon + kBlock - 1 + kCompanionLags + kCompanionCarry + 1;

// The part that changes with every value: what was heard in the block that is not over, halves, relative to the last value before the
// block, in scales. The block's last values need no place here.
struct CompanionBlock {
  uint8_t count = 0;  // of the companions that the state is of
  std::array<std::array<uint16_t, kMostCompanions>, kBlock - 1> heard{};
  auto fields() { return std::tie(count, heard); }

  void begin(size_t companions);
};

// How one companion goes, in its own unit and scale; see to_log.
struct CompanionTrack {
  float unit = 1;
  float mean_size = 0;
  float scale = 0;  // mean absolute step of the log values, over a day, outliers clipped at ten times itself
  float last = 0;   // log
  uint32_t values = 0;
  auto fields() { return std::tie(unit, mean_size, scale, last, values); }
};

// The part that changes at the end of a block.
struct Companions {
  std::array<CompanionTrack, kMostCompanions> tracks{};
  std::array<std::array<float, kMostCompanions>, kCompanionSteps> recent{};  // log values, a ring by step; see kSilent in the .cc
  std::array<RidgeState<kCompanionInputs>, kForecastHorizons> ridges{};
  auto fields() { return std::tie(tracks, recent, ridges); }

  void begin();
  // After a gap: what was heard before it is no longer near.
  void restart();
  // A step's values go into the block: `at`, the step's place there. What is not finite counts as missing.
  void hear(std::span<const float> values, size_t at, CompanionBlock& block) const;
  // The steps of a block, `to` its last, with that one's values.
  void take(const CompanionBlock& block, int64_t from, int64_t to, std::span<const float> values, int64_t day);

  // An origin, and what `recent` and the block hold: the steps up to `learned`, and those behind it.
  struct Origin {
    const CompanionBlock& block;
    int64_t learned;
    int64_t step;
  };
  // The inputs at an origin: how each companion went on over the last steps, in its scale. False, and none, where no companion was heard.
  bool inputs(const Origin& at, Features& out) const;
  // What the series' own regression says (`plain`) and these inputs together tell, in scales of the series.
  float corrected(size_t horizon, const Features& inputs, float plain) const;
  // `target`: the truth, in the same scales; `huber`, `forgetting`: see Ridge.
  struct Lesson {
    float plain, target, huber, forgetting;
  };
  void learn(size_t horizon, const Features& inputs, const Lesson& lesson);
  // Whether these are numbers that a state may have.
  bool sound() const;

 private:
  float at(size_t companion, const Origin& origin, int64_t step) const;
  float carried(size_t companion, const Origin& origin, int64_t step) const;
  void advance(size_t companion, int64_t step, float log_value, int64_t day);
  void follow_size(size_t companion);
};

}  // namespace headroom
