#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "forecast/blend.h"
#include "forecast/companions.h"
#include "forecast/lstm.h"
#include "forecast/own_lstm.h"
#include "forecast/ridge.h"
#include "forecast/season.h"
#include "forecast/series_filters.h"
#include "forecast/series_inputs.h"
#include "forecast/spread.h"
#include "headroom/bytes.h"

namespace headroom {

// What a forecast says of the coming values of a series, by horizon.
struct Forecast {
  std::array<float, kForecastHorizons> point{};                                      // the median, about
  std::array<std::array<float, kForecastQuantiles>, kForecastHorizons> quantiles{};  // of kQuantiles, ascending
};

// The sizes that a target's state may have: at most 32 KiB, with weights of its own, and at most 4 KiB.
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
  static constexpr size_t kReplayWindows = 3;
  static constexpr size_t kCompanions = 0;
};
// The first for a series with companions. Their place is that of finer widths by the time of day and of a third window to train on; the
// season and the regressions are the same.
struct HeadroomMultivariateSize : HeadroomSize {
  static constexpr const char* kName = "headroom_multivariate";
  static constexpr size_t kSpreadSlots = 24;
  static constexpr size_t kReplayWindows = 2;
  static constexpr size_t kCompanions = kMostCompanions;
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
  static constexpr size_t kReplayWindows = 0;
  static constexpr size_t kCompanions = 0;
};

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
  auto fields() { return std::tie(step, value, scale, point, experts, spread); }
};

struct NoOwnLstm {};
struct NoBlockInputs {};
struct NoCompanions {};

// All that is remembered of a series. Plain numbers: what is restored forecasts the same bits.
template <class Size>
struct ForecasterState {
  static constexpr size_t kRidges = Size::kLogRidges + Size::kLevelRidges;
  static constexpr size_t kInputs = InputPlaces<Size>::kCount;
  // Persistence, the season's drift, smoothings, trends, Holt-Winters, regressions, that of the companions, the LSTM.
  static constexpr size_t kFirstRidge = 2 + Size::kSes + Size::kHolt + 1;
  static constexpr size_t kExperts = kFirstRidge + kRidges + (Size::kCompanions > 0 ? 1 : 0) + 1;
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
    PackedLstmState lstm{};
    std::conditional_t<Size::kOwnWeights, BlockInputs, NoBlockInputs> rows{};
    std::array<SpreadTrack, kForecastHorizons> spread{};
    std::array<float, kMostPending> point{};     // forecasts until they are known
    std::array<uint16_t, kMostPending> width{};  // and their widths, upper halves of floats
    std::conditional_t<(Size::kCompanions > 0), CompanionBlock, NoCompanions> companions{};

    void save(ByteWriter& writer) const;
    bool load(ByteReader& reader);
    auto fields() {
      return std::tie(step, begin, unit, mean_size, lowest, values, filters, block, lstm, rows, spread, point, width, companions);
    }
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
    std::conditional_t<Size::kOwnWeights, OwnLstm<Size::kReplayWindows>, NoOwnLstm> own;
    std::conditional_t<(Size::kCompanions > 0), Companions, NoCompanions> companions;

    void save(ByteWriter& writer) const;
    bool load(ByteReader& reader);
    auto fields() { return std::tie(learned, recent, filters, season, ridges, blend, spread, said, own, companions); }
  } cold;

  // The two where they are kept apart.
  struct Parts {
    Hot& hot;
    Cold& cold;
  };
  // Whether the two are of one series at one time, as they are unless one of them was lost.
  static bool belong_together(const Hot& hot, const Cold& cold) {
    if (hot.step < 0) return cold.learned < 0;
    const int64_t last_end = (hot.step + 1) / kBlock * kBlock - 1;
    return cold.learned == std::max(hot.begin - 1, last_end);
  }
};
static_assert(sizeof(ForecasterState<HeadroomSize>::Hot) <= 512);
static_assert(sizeof(ForecasterState<HeadroomSize>) <= HeadroomSize::kMostBytes);
static_assert(sizeof(ForecasterState<HeadroomMultivariateSize>::Hot) <= 512);
static_assert(sizeof(ForecasterState<HeadroomMultivariateSize>) <= HeadroomMultivariateSize::kMostBytes);
static_assert(sizeof(ForecasterState<HeadroomSmallSize>) <= HeadroomSmallSize::kMostBytes);

struct ForecasterSettings {
  int64_t step_ms = 60'000;
  std::array<int, kForecastHorizons> horizons = {1, 5, 15};  // ascending, at most kMostHorizon, of sum at most kMostPending
  uint64_t seed = 1;
  size_t companions = 0;  // at most the size's kCompanions; a state that was of another number learns them anew
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
  using Hot = typename State::Hot;
  using Cold = typename State::Cold;
  using Parts = typename State::Parts;

  // `global` must outlive this; without it the LSTM says nothing until it has weights of the series' own.
  explicit Forecaster(const ForecasterSettings& settings, const LstmWeights* global = nullptr);

  // The value (finite; beyond 1e15 it counts as that) of step `step` (time / step length), each later than the one before; a step left out
  // begins anew what hangs on the steps before it. None for the first values and those after a gap.
  std::optional<Forecast> step(const Parts& state, int64_t step, float value, LstmView* view = nullptr) const;
  std::optional<Forecast> step(State& state, int64_t step, float value, LstmView* view = nullptr) const {
    return this->step(Parts{state.hot, state.cold}, step, value, view);
  }
  // The same with the companions' values of that step, in one order always; those that are not finite or left out at the end are missing.
  // Sizes without companions have no such step.
  template <class S = Size>
  requires(S::kCompanions > 0) std::optional<Forecast> step(const Parts& state, int64_t step, float value,
                                                            std::span<const float> companions, LstmView* view = nullptr)
  const { return advance(state, step, {value, companions}, view); }
  template <class S = Size>
  requires(S::kCompanions > 0) std::optional<Forecast> step(State& state, int64_t step, float value, std::span<const float> companions,
                                                            LstmView* view = nullptr)
  const { return advance(Parts{state.hot, state.cold}, step, {value, companions}, view); }
  // Whether that step changes the cold part; if not, it is only read.
  bool changes_cold(const Hot& hot, int64_t step, float value) const;

  // The experts, and what each weighs in the point of a horizon (an index). Those of regressions may be negative.
  static std::array<std::string_view, State::kExperts> expert_names();
  static std::array<float, State::kExperts> expert_weights(const Cold& cold, size_t horizon) { return blend_weights(cold.blend[horizon]); }

 private:
  struct Origin;
  // What came at one step.
  struct Values {
    float value;
    std::span<const float> companions;
  };
  using Experts = std::array<float, State::kExperts>;

  bool other_companions(const Hot& hot) const;
  void begin(const Parts& state, int64_t step) const;
  float mean_size_with(const Hot& hot, float value) const;
  void measure(const Parts& state, float value) const;
  void rebase(const Parts& state, float unit) const;
  float value_at(const Parts& state, int64_t step) const;
  float scale_of(const Parts& state, const SeriesFilters& filters) const;
  bool forecast_at(const Parts& state, int64_t step) const;
  size_t pending_at(size_t horizon, int64_t step) const;
  Said<State::kExperts>& said_at(const Parts& state, size_t horizon, int64_t step) const;
  size_t spread_slot(int64_t step) const;

  void hear(const Parts& state, int64_t step, float value) const;
  std::optional<Forecast> advance(const Parts& state, int64_t step, const Values& values, LstmView* view) const;
  void hear_companions(const Parts& state, const Values& values) const;
  void learn(const Parts& state, const Values& newest) const;
  void learn_said(const Parts& state, size_t horizon) const;
  void learn_from(const Parts& state, size_t horizon, int64_t origin) const;
  void learn_ridges(const Parts& state, const Origin& at, size_t horizon) const;

  LstmInput lstm_input(const Parts& state, const Origin& at) const;
  LstmOutput lstm_answer(const Parts& state, const LstmInput& input) const;
  Forecast combine(const Parts& state, const Origin& at, const LstmOutput& answer, LstmView* view) const;
  std::array<float, kSpreadInputs> spread_inputs(const Parts& state, const Origin& at, size_t horizon, float point) const;

  ForecasterSettings settings_;
  StepClock clock_;
  const LstmWeights* global_;
  std::array<size_t, kForecastHorizons> pending_from_{};
  std::array<size_t, kForecastHorizons> said_from_{};
  std::array<int64_t, kForecastHorizons> blocks_{};  // ends of blocks until a horizon is known
};

extern template struct ForecasterState<HeadroomSize>;
extern template struct ForecasterState<HeadroomMultivariateSize>;
extern template struct ForecasterState<HeadroomSmallSize>;
extern template class Forecaster<HeadroomSize>;
extern template class Forecaster<HeadroomMultivariateSize>;
extern template class Forecaster<HeadroomSmallSize>;

}  // namespace headroom
