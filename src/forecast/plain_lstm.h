#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "forecast/bars.h"

namespace headroom {

// The LSTM that people deploy first: the value in, the coming values out, both scaled by the least and the most value of the warm-up; 32
// hidden, a head a horizon, fitted on the warm-up and updated online.
//
// Truncated back-propagation of absolute errors (smoothed near 0) over windows from zero states, with Adam (Kingma and Ba 2015), the
// gradient clipped to a norm of 1. Until the warm-up is over, and kLeastValues are there, it says the last value. Chance comes from a
// counter that begins at the seed; a copy goes on with the same bits. One thread.
class PlainLstm : public Bar {
 public:
  static constexpr size_t kHidden = 32;
  static constexpr size_t kLeastValues = 192;

  explicit PlainLstm(const BarSettings& settings);
  std::array<float, kForecastHorizons> step(float value) override;

  // Of the cell by gates and [x; h], of the heads by horizon and h; column by column.
  struct Weights {
    alignas(64) std::array<float, 4 * kHidden*(1 + kHidden)> cell{};
    alignas(64) std::array<float, 4 * kHidden> cell_bias{};
    alignas(64) std::array<float, kForecastHorizons * kHidden> head{};
    alignas(64) std::array<float, kForecastHorizons> head_bias{};
  };

 private:
  void fit();
  void learn(const std::vector<size_t>& firsts, float rate);
  LstmWindows windows_from(const std::vector<size_t>& firsts) const;
  float scaled(float value) const { return (value - least_) / range_; }
  void carry(float value);

  BarSettings settings_;
  uint64_t random_;
  std::vector<float> values_;
  bool fitted_ = false;
  float least_ = 0, range_ = 1;
  Weights weights_, first_moments_, second_moments_;
  uint32_t updates_ = 0;
  alignas(64) std::array<float, kHidden> h_{};
  alignas(64) std::array<float, kHidden> c_{};
};

}  // namespace headroom
