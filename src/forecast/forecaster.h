#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "forecast/blend.h"
#include "forecast/lstm.h"
#include "forecast/own_lstm.h"
#include "forecast/ridge.h"
#include "forecast/season.h"
#include "forecast/series_filters.h"
#include "forecast/series_inputs.h"
#include "forecast/spread.h"

namespace headroom {

// What a forecast says of the coming values of a series, by horizon.
struct Forecast {
  std::array<float, kForecastHorizons> point{};                                      // the median, about
  std::array<std::array<float, kForecastQuantiles>, kForecastHorizons> quantiles{};  // of kQuantiles, ascending
};

// The two sizes that a target's state may have: at most 32 KiB, with weights of its own, and at most 4 KiB.
struct HeadroomSize {
  static constexpr const char* kName = "headroom";
  static constexpr size_t kMostBytes = 32 * 1024;
  static constexpr size_t kLags = 5;
  static constexpr size_t kSes = 2, kHolt = 2;
  static constexpr size_t kLogRidges = 2, kLevelRidges = 1;
  static constexpr std::array<float, 3> kLives = {3, 0.2F, 2};  // of the regressions, days; those of logs first
  static constexpr int64_t kBinMs = 300'000;
  static constexpr size_t kDays = 7;
  static constexpr size_t kBins = 7 * 288 + 16, kSlots = 1440, kSpreadSlots = 96;
  static constexpr bool kHourLag = true, kWaves = true;
  static constexpr bool kOwnWeights = true;
};
struct HeadroomSmallSize {
  static constexpr const char* kName = "headroom_small";
  static constexpr size_t kMostBytes = 4 * 1024;
  static constexpr size_t kLags = 3;
  static constexpr size_t kSes = 1, kHolt = 0;
  static constexpr size_t kLogRidges = 1, kLevelRidges = 0;
  static constexpr std::array<float, 1> kLives = {1.2F};
  static constexpr int64_t kBinMs = 180'000;
  static constexpr size_t kDays = 0;
  static constexpr size_t kBins = 1, kSlots = 480, kSpreadSlots = 24;
  static constexpr bool kHourLag = false, kWaves = false;
  static constexpr bool kOwnWeights = false;
};

inline constexpr int kMostHorizon = 15;
inline constexpr size_t kMostPending = 21;  // the sum of the horizons

// What the experts said at the end of a block, kept until it is known how right they were; halves, relative to the value then, in scales.
template <size_t Experts>
struct Said {
  int64_t step = -1;
  float value = 0;
  float scale = 1;
  float point = 0;
  std::array<uint16_t, Experts> experts{};
  std::array<uint16_t, kSpreadInputs> spread{};
};

struct NoOwnLstm {};

// All that is remembered of a series. Plain numbers: what is restored forecasts the same bits.
template <class Size>
struct ForecasterState {
  static constexpr size_t kRidges = Size::kLogRidges + Size::kLevelRidges;
  static constexpr size_t kInputs = InputPlaces<Size>::kCount;
  // Persistence, the season's drift, smoothings, trends, Holt-Winters, regressions, the LSTM.
  static constexpr size_t kFirstRidge = 2 + Size::kSes + Size::kHolt + 1;
  static constexpr size_t kExperts = kFirstRidge + kRidges + 1;
  static constexpr size_t kRecent = Size::kHourLag ? 96 : 24;

  // Changes with every value.
  struct Hot {
    int64_t step = -1;   // of the last value
    int64_t begin = -1;  // of the first value since the last gap
    float unit = 1;      // below which values are small; see to_log
    float mean_size = 0;
    float lowest = 0;
    uint32_t values = 0;
    SeriesFilters filters;
    std::array<float, kBlock> block{};  // values that the slow part has not seen
    LstmState lstm;
    std::array<SpreadTrack, kForecastHorizons> spread{};
    std::array<float, kMostPending> point{};     // forecasts until they are known
    std::array<uint16_t, kMostPending> width{};  // and their widths, upper halves of floats
  } hot;

  // Changes at the end of a block.
  struct Cold {
    int64_t learned = -1;  // the last step whose value is in `recent`
    std::array<float, kRecent> recent{};
    std::array<SeriesFilters, kForecastHorizons> filters{};  // as of the last origin that was learned from
    Season<Size::kBins, Size::kSlots> season;
    std::array<std::array<RidgeState<kInputs>, kForecastHorizons>, kRidges> ridges{};
    std::array<BlendState<kExperts>, kForecastHorizons> blend{};
    std::array<SpreadWeights<Size::kSpreadSlots>, kForecastHorizons> spread{};
    std::array<Said<kExperts>, 7> said{};
    std::conditional_t<Size::kOwnWeights, OwnLstm, NoOwnLstm> own;
  } cold;
};
static_assert(sizeof(ForecasterState<HeadroomSize>::Hot) <= 512);
static_assert(sizeof(ForecasterState<HeadroomSize>) <= HeadroomSize::kMostBytes);
static_assert(sizeof(ForecasterState<HeadroomSmallSize>) <= HeadroomSmallSize::kMostBytes);

struct ForecasterSettings {
  int64_t step_ms = 60'000;
  std::array<int, kForecastHorizons> horizons = {1, 5, 15};  // ascending, at most kMostHorizon, of sum at most kMostPending
  uint64_t seed = 1;
};

// What the LSTM saw at a step, and the forecasts (values) and the scale to which its answers are relative: for its training.
struct LstmView {
  LstmInput input{};
  std::array<float, kForecastHorizons> base{};
  float scale = 1;
};

// Forecasts a series from what its state remembers, in constant time and place a value; ARCHITECTURE.md, "Forecasts", tells how. Bits
// depend on the values, the settings and the weights alone. Const: may be shared between threads; a state belongs to one.
template <class Size>
class Forecaster {
 public:
  using State = ForecasterState<Size>;

  // `global` must outlive this; without it the LSTM says nothing until it has weights of the series' own.
  explicit Forecaster(const ForecasterSettings& settings, const LstmWeights* global = nullptr);

  // The value (finite) of step `step` (time / step length), each later than the one before; a step left out begins anew what hangs on the
  // steps before it. None for the first values and those after a gap.
  std::optional<Forecast> step(State& state, int64_t step, float value, LstmView* view = nullptr) const;

 private:
  struct Origin;
  using Experts = std::array<float, State::kExperts>;

  void begin(State& state, int64_t step) const;
  void measure(State& state, float value) const;
  void rebase(State& state, float unit) const;
  float value_at(const State& state, int64_t step) const;
  float scale_of(const State& state, const SeriesFilters& filters) const;
  bool forecast_at(const State& state, int64_t step) const;
  size_t pending_at(size_t horizon, int64_t step) const;
  Said<State::kExperts>& said_at(State& state, size_t horizon, int64_t step) const;
  size_t spread_slot(int64_t step) const;

  void hear(State& state, int64_t step, float value) const;
  void learn(State& state) const;
  void learn_said(State& state, size_t horizon) const;
  void learn_from(State& state, size_t horizon, int64_t origin) const;
  void learn_ridges(State& state, const Origin& at, size_t horizon) const;

  LstmInput lstm_input(const State& state, const Origin& at) const;
  LstmOutput lstm_answer(State& state, const LstmInput& input) const;
  Forecast combine(State& state, const Origin& at, const LstmOutput& answer, LstmView* view) const;
  std::array<float, kSpreadInputs> spread_inputs(const State& state, const Origin& at, size_t horizon, float point) const;

  ForecasterSettings settings_;
  StepClock clock_;
  const LstmWeights* global_;
  std::array<size_t, kForecastHorizons> pending_from_{};
  std::array<size_t, kForecastHorizons> said_from_{};
  std::array<int64_t, kForecastHorizons> blocks_{};  // ends of blocks until a horizon is known
};

extern template class Forecaster<HeadroomSize>;
extern template class Forecaster<HeadroomSmallSize>;

}  // namespace headroom
