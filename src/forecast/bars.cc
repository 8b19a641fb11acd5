#include "forecast/bars.h"

#include <algorithm>
#include <cmath>

#include "forecast/plain_lstm.h"
#include "forecast/ridge.h"

namespace headroom {
namespace {

using Points = std::array<float, kForecastHorizons>;

class Persistence : public Bar {
 public:
  Points step(float value) override {
    Points out;
    out.fill(value);
    return out;
  }
};

// The value of a day ago; before there is one, the last value.
class SeasonalNaive : public Bar {
 public:
  explicit SeasonalNaive(const BarSettings& settings) : settings_(settings) {}
  Points step(float value) override {
    values_.push_back(value);
    Points out;
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      const int64_t at = static_cast<int64_t>(values_.size()) - 1 + settings_.horizons[h] - settings_.day;
      out[h] = at >= 0 ? values_[static_cast<size_t>(at)] : value;
    }
    return out;
  }

 private:
  BarSettings settings_;
  std::vector<float> values_;
};

constexpr float kErrorLife = 0.999F;

// Exponential smoothing; of five rates that which was best lately, for each horizon.
class Ses : public Bar {
 public:
  explicit Ses(const BarSettings& settings) : settings_(settings) {}
  Points step(float value) override {
    if (seen_++ == 0) level_.fill(value);
    const size_t now = seen_ % kPast;
    for (size_t r = 0; r < kRates.size(); ++r) {
      for (size_t h = 0; h < kForecastHorizons; ++h) {
        const float then = past_[(now + kPast - static_cast<size_t>(settings_.horizons[h])) % kPast][r];
        if (seen_ > kPast) error_[h][r] = kErrorLife * error_[h][r] + std::abs(value - then);
      }
      level_[r] += kRates[r] * (value - level_[r]);
    }
    past_[now] = level_;
    Points out;
    for (size_t h = 0; h < kForecastHorizons; ++h)
      out[h] = level_[static_cast<size_t>(std::min_element(error_[h].begin(), error_[h].end()) - error_[h].begin())];
    return out;
  }

 private:
  static constexpr std::array<float, 5> kRates = {1, 0.7F, 0.4F, 0.2F, 0.1F};
  static constexpr size_t kPast = 64;
  BarSettings settings_;
  size_t seen_ = 0;
  std::array<float, 5> level_{};
  std::array<std::array<float, 5>, kPast> past_{};
  std::array<std::array<float, 5>, kForecastHorizons> error_{};
};

// Level, damped trend and an additive season of one day (Winters 1960; Gardner and McKenzie 1985).
class HoltWinters : public Bar {
 public:
  explicit HoltWinters(const BarSettings& settings) : settings_(settings), season_(static_cast<size_t>(settings.day)) {}
  Points step(float value) override {
    const size_t slot = seen_ % season_.size();
    if (seen_ == 0) level_ = value;
    const float expected = level_ + kDamping * trend_;
    const float now = expected + kLevel * (value - season_[slot] - expected);
    trend_ = kDamping * trend_ + kTrend * (now - level_ - kDamping * trend_);
    level_ = now;
    season_[slot] += kSeason * (value - level_ - season_[slot]);
    Points out;
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      float trend = 0, damped = 1;
      for (int k = 0; k < settings_.horizons[h]; ++k) trend += (damped *= kDamping) * trend_;
      out[h] = level_ + trend + season_[(seen_ + static_cast<size_t>(settings_.horizons[h])) % season_.size()];
    }
    ++seen_;
    return out;
  }

 private:
  static constexpr float kLevel = 0.5F, kTrend = 0.05F, kSeason = 0.3F, kDamping = 0.9F;
  BarSettings settings_;
  std::vector<float> season_;
  size_t seen_ = 0;
  float level_ = 0;
  float trend_ = 0;
};

// Online ridge on differences in scales: eight steps back, the way from two means, and how yesterday and a week ago went on from here.
class RidgeBar : public Bar {
 public:
  explicit RidgeBar(const BarSettings& settings) : settings_(settings) {
    for (auto& ridge : ridges_) Ridge::begin(ridge, 1);
  }
  Points step(float value) override {
    values_.push_back(value);
    const auto now = static_cast<int64_t>(values_.size()) - 1;
    const float change = std::abs(value - at(now - 1));
    const float rate = 1 / static_cast<float>(std::min(now + 1, settings_.day));
    scale_ += rate * ((scale_ > 0 ? std::min(change, 10 * scale_) : change) - scale_);
    for (size_t m = 0; m < means_.size(); ++m) means_[m] = now == 0 ? value : means_[m] + kRates[m] * (value - means_[m]);
    scales_.push_back(std::max(scale_, 1e-9F));
    inputs_.emplace_back();
    Points out;
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      learn(h, now - settings_.horizons[h]);
      inputs_.back()[h] = inputs(h);
      out[h] = value + scales_.back() * predict(ridges_[h], inputs_.back()[h]);
    }
    if (inputs_.size() > kKept) inputs_.erase(inputs_.begin(), inputs_.begin() + static_cast<std::ptrdiff_t>(kKept / 2));
    return out;
  }

 private:
  static constexpr std::array<float, 2> kRates = {0.1F, 0.01F};
  static constexpr size_t kInputs = 8 + 2 + 2 + 1, kKept = 1024;

  float at(int64_t i) const { return values_[static_cast<size_t>(std::max<int64_t>(i, 0))]; }
  Features inputs(size_t h) const {
    const auto now = static_cast<int64_t>(values_.size()) - 1;
    Features x;
    size_t i = 0;
    for (int64_t k = 0; k < 8; ++k) x.at[i++] = at(now - k) - at(now - k - 1);
    for (const float mean : means_) x.at[i++] = at(now) - mean;
    for (const int64_t back : {settings_.day, 7 * settings_.day})
      x.at[i++] = now >= back ? at(now - back + settings_.horizons[h]) - at(now - back) : 0;
    for (float& value : x.at) value = std::clamp(value / scales_.back(), -20.0F, 20.0F);
    x.at[i] = 1;
    return x;
  }
  void learn(size_t h, int64_t origin) {
    const int64_t kept_from = static_cast<int64_t>(values_.size() - inputs_.size());
    if (origin < kept_from) return;
    const float target = (values_.back() - at(origin)) / scales_[static_cast<size_t>(origin)];
    Ridge ridge(ridges_[h]);
    ridge.learn(inputs_[static_cast<size_t>(origin - kept_from)][h], std::clamp(target, -30.0F, 30.0F),
                2 * std::sqrt(static_cast<float>(settings_.horizons[h])), 1 - 1 / (10.0F * static_cast<float>(settings_.day)));
    ridge.store(ridges_[h]);
  }

  BarSettings settings_;
  std::vector<float> values_;
  std::vector<float> scales_;
  std::vector<std::array<Features, kForecastHorizons>> inputs_;
  std::array<RidgeState<kInputs>, kForecastHorizons> ridges_;
  std::array<float, 2> means_{};
  float scale_ = 0;
};

}  // namespace

std::unique_ptr<Bar> make_bar(std::string_view name, const BarSettings& settings) {
  if (name == "persistence") return std::make_unique<Persistence>();
  if (name == "seasonal_naive") return std::make_unique<SeasonalNaive>(settings);
  if (name == "ses") return std::make_unique<Ses>(settings);
  if (name == "holt_winters") return std::make_unique<HoltWinters>(settings);
  if (name == "ridge") return std::make_unique<RidgeBar>(settings);
  if (name == "plain_lstm") return std::make_unique<PlainLstm>(settings);
  return nullptr;
}

}  // namespace headroom
