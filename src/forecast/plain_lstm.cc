#include "forecast/plain_lstm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "forecast/lstm_cell.h"
#include "forecast/lstm_training.h"

namespace headroom {
namespace {

using lstm::Batch;
using lstm::matrix_of;
using lstm::vector_of;
using Weights = PlainLstm::Weights;

constexpr size_t kSteps = 96, kBurn = 24;  // of a window; the first ones are not judged
constexpr size_t kFitUpdates = 1200, kFitWindows = 16;
constexpr float kSmooth = 0.01F;  // below this error, of the range, the loss is quadratic
constexpr float kFitRate = 4e-3F;
constexpr size_t kLearnEvery = 16, kLearnWindows = 4;
constexpr float kLearnRate = 1e-3F;

constexpr int kH = static_cast<int>(PlainLstm::kHidden);
constexpr int kOut = static_cast<int>(kForecastHorizons);

template <class W>
auto cell_of(W& weights) {
  return matrix_of<4 * kH, 1 + kH>(weights.cell);
}
template <class W>
auto head_of(W& weights) {
  return matrix_of<kOut, kH>(weights.head);
}

// The slope of the mean smoothed absolute error; targets that are not known are not judged.
Batch judge(const Batch& said, const float* targets, float share) {
  Batch slope = Batch::Zero(said.rows(), said.cols());
  for (Eigen::Index b = 0; b < said.cols(); ++b)
    for (Eigen::Index h = 0; h < kOut; ++h)
      if (const float target = targets[b * kOut + h]; std::isfinite(target))
        slope(h, b) = std::clamp((said(h, b) - target) / kSmooth, -1.0F, 1.0F) * share;
  return slope;
}

void add_gradient(const Weights& weights, const LstmWindows& windows, Weights& gradient) {
  const auto batch = static_cast<Eigen::Index>(windows.windows);
  const float share = 1.0F / static_cast<float>(windows.windows * (windows.steps - kBurn) * kForecastHorizons);
  lstm::Carried state(kH, batch), slope(kH, batch);
  std::vector<lstm::CellTrace> traces(windows.steps);
  std::vector<Batch> hidden(windows.steps), slopes(windows.steps);
  for (size_t s = 0; s < windows.steps; ++s) {
    const Eigen::Map<const Batch> x(windows.inputs.data() + s * windows.windows, 1, batch);
    lstm::forward(cell_of(weights), vector_of(weights.cell_bias), x, state, traces[s]);
    if (s < kBurn) continue;
    hidden[s] = state.h;
    const Batch said = (head_of(weights) * state.h).colwise() + vector_of(weights.head_bias);
    slopes[s] = judge(said, windows.targets.data() + s * windows.windows * kForecastHorizons, share);
  }
  for (size_t s = windows.steps; s-- > 0;) {
    if (s >= kBurn) {
      head_of(gradient).noalias() += slopes[s] * hidden[s].transpose();
      vector_of(gradient.head_bias) += slopes[s].rowwise().sum();
      slope.h.noalias() += head_of(weights).transpose() * slopes[s];
    }
    lstm::backward(cell_of(weights), traces[s], slope, cell_of(gradient), vector_of(gradient.cell_bias));
  }
}

// What all parts of one update share.
struct Adam {
  float clip = 1, rate = 0;
  float first = 1, second = 1;  // corrections of moments that began at zero
  template <size_t N>
  void descend(std::array<float, N>& weights, const std::array<float, N>& gradient, std::array<float, N>& mean,
               std::array<float, N>& square) const {
    const auto g = (vector_of(gradient).array() * clip).eval();
    auto m = vector_of(mean).array();
    auto v = vector_of(square).array();
    m = 0.9F * m + 0.1F * g;
    v = 0.999F * v + 0.001F * g.square();
    vector_of(weights).array() -= rate * (m / first) / ((v / second).sqrt() + 1e-8F);
  }
};

float power(float base, uint32_t times) {
  float out = 1;
  for (uint32_t i = 0; i < times && out > 0; ++i) out *= base;
  return out;
}

float norm_of(const Weights& gradient) {
  return std::sqrt(cell_of(gradient).squaredNorm() + vector_of(gradient.cell_bias).squaredNorm() + head_of(gradient).squaredNorm() +
                   vector_of(gradient.head_bias).squaredNorm());
}

Weights begin(uint64_t& random) {
  Weights out;
  for (float& w : out.cell) w = next_normal(random) / std::sqrt(1.0F + kH);
  for (size_t i = PlainLstm::kHidden; i < 2 * PlainLstm::kHidden; ++i) out.cell_bias[i] = 1;  // forget gates that are open
  for (float& w : out.head) w = next_normal(random) / std::sqrt(static_cast<float>(kH));
  return out;
}

}  // namespace

PlainLstm::PlainLstm(const BarSettings& settings) : settings_(settings), random_(settings.seed), weights_(begin(random_)) {}

std::array<float, kForecastHorizons> PlainLstm::step(float value) {
  values_.push_back(value);
  std::array<float, kForecastHorizons> out;
  out.fill(value);
  if (!fitted_) {
    if (values_.size() <= settings_.warm_up || values_.size() < kLeastValues) return out;
    fit();
  } else {
    if (values_.size() % kLearnEvery == 0) {
      std::vector<size_t> firsts = {values_.size() - kSteps};
      while (firsts.size() < kLearnWindows) firsts.push_back(next_random(random_) % (values_.size() - kSteps));
      learn(firsts, kLearnRate);
    }
    carry(value);
  }
  const Eigen::Matrix<float, kOut, 1> said = vector_of(weights_.head_bias) + head_of(weights_) * vector_of(h_);
  for (size_t h = 0; h < kForecastHorizons; ++h) out[h] = least_ + range_ * said[static_cast<Eigen::Index>(h)];
  return out;
}

void PlainLstm::fit() {
  const auto [least, most] = std::minmax_element(values_.begin(), values_.end());
  least_ = *least;
  range_ = *most > *least ? *most - *least : 1;
  for (size_t update = 0; update < kFitUpdates; ++update) {
    std::vector<size_t> firsts;
    while (firsts.size() < kFitWindows) firsts.push_back(next_random(random_) % (values_.size() - kSteps));
    const float share = static_cast<float>(update) / static_cast<float>(kFitUpdates);
    learn(firsts, kFitRate * (1 - share) + kLearnRate * share);
  }
  for (const float value : values_) carry(value);
  fitted_ = true;
}

void PlainLstm::learn(const std::vector<size_t>& firsts, float rate) {
  Weights gradient;
  add_gradient(weights_, windows_from(firsts), gradient);
  const float norm = norm_of(gradient);
  ++updates_;
  const Adam adam{norm > 1 ? 1 / norm : 1, rate, 1 - power(0.9F, updates_), 1 - power(0.999F, updates_)};
  adam.descend(weights_.cell, gradient.cell, first_moments_.cell, second_moments_.cell);
  adam.descend(weights_.cell_bias, gradient.cell_bias, first_moments_.cell_bias, second_moments_.cell_bias);
  adam.descend(weights_.head, gradient.head, first_moments_.head, second_moments_.head);
  adam.descend(weights_.head_bias, gradient.head_bias, first_moments_.head_bias, second_moments_.head_bias);
}

LstmWindows PlainLstm::windows_from(const std::vector<size_t>& firsts) const {
  LstmWindows out{firsts.size(), kSteps, {}, {}};
  for (size_t s = 0; s < kSteps; ++s) {
    for (const size_t first : firsts) {
      out.inputs.push_back(scaled(values_[first + s]));
      for (const int ahead : settings_.horizons) {
        const size_t then = first + s + static_cast<size_t>(ahead);
        out.targets.push_back(then < values_.size() ? scaled(values_[then]) : std::numeric_limits<float>::quiet_NaN());
      }
    }
  }
  return out;
}

void PlainLstm::carry(float value) {
  const float x = scaled(value);
  lstm::step_cell(cell_of(weights_), vector_of(weights_.cell_bias), &x, vector_of(h_).array(), vector_of(c_).array());
}

}  // namespace headroom
