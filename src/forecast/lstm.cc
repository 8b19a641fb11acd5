#include "forecast/lstm.h"

#include <algorithm>
#include <cmath>

#include "forecast/lstm_cell.h"
#include "forecast/packed.h"

namespace headroom {
namespace {

constexpr int kGates = static_cast<int>(LstmWeights::kGates);
constexpr int kIn = static_cast<int>(LstmWeights::kIn);
constexpr int kX = static_cast<int>(kLstmInputs);
constexpr int kH = static_cast<int>(kLstmHidden);
constexpr int kOut = static_cast<int>(kLstmOutputs);

using lstm::Batch;
using lstm::vector_of;

template <class Weights>
auto cell_of(Weights& w) {
  return lstm::matrix_of<kGates, kIn>(w.cell);
}
template <class Weights>
auto head_of(Weights& w) {
  return lstm::matrix_of<kOut, kIn>(w.head);
}

// What one step of the batch leaves for the way back.
struct Trace {
  lstm::CellTrace cell;
  Batch seen;   // by the heads
  Batch slope;  // of the loss by the heads' outputs
};

// Errors grow with the horizon.
constexpr std::array<float, kForecastHorizons> kHorizonWeight = {1.0F, 0.5F, 1.0F / 3};

struct Loss {
  double sum = 0;
  size_t count = 0;
};

void judge(const Batch& said, const float* targets, const LstmLossShape& shape, Batch& slope, Loss& loss) {
  slope.setZero(said.rows(), said.cols());
  for (Eigen::Index b = 0; b < said.cols(); ++b) {
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      const float target = targets[static_cast<size_t>(b) * kForecastHorizons + h];
      if (!std::isfinite(target)) continue;
      for (size_t q = 0; q < kForecastQuantiles; ++q) {
        const auto row = static_cast<Eigen::Index>(h * kForecastQuantiles + q);
        const float error = said(row, b) - target;
        const float side = 2 * (error > 0 ? 1 - kQuantiles[q] : kQuantiles[q]);
        const float weight = kHorizonWeight[h] * (q == kMedian ? 1 : shape.outer_weight);
        slope(row, b) = weight * side * std::clamp(error / shape.smooth, -1.0F, 1.0F);
        if (q != kMedian) continue;
        loss.sum += static_cast<double>(std::abs(error) * kHorizonWeight[h]);
        ++loss.count;
      }
    }
  }
}

void forward(const LstmWeights& w, const Eigen::Map<const Batch>& x, lstm::Carried& state, Trace& t) {
  lstm::forward(cell_of(w), vector_of(w.cell_bias), x, state, t.cell);
  t.seen.resize(kIn, x.cols());
  t.seen.topRows(kH) = state.h;
  t.seen.bottomRows(kX) = x;
}

void backward(const LstmWeights& w, const Trace& t, lstm::Carried& slope, LstmWeights& gradient) {
  if (t.slope.size() > 0) {
    head_of(gradient).noalias() += t.slope * t.seen.transpose();
    vector_of(gradient.head_bias) += t.slope.rowwise().sum();
    slope.h.noalias() += head_of(w).leftCols(kH).transpose() * t.slope;
  }
  lstm::backward(cell_of(w), t.cell, slope, cell_of(gradient), vector_of(gradient.cell_bias));
}

constexpr float kMomentLife = 0.99F;

// What all parts of one update share.
struct Descent {
  float clip;        // onto the gradient
  float correction;  // of moments that began at zero
  float rate;
};

// One matrix; `rows` and `columns` are running means of its squared gradient, the product of which stands for each entry's own.
template <class Weights, class Rows, class Columns>
void descend(Weights weights, Weights gradient, Rows rows, Columns columns, const Descent& by) {
  gradient *= by.clip;
  const auto squares = gradient.array().square().matrix().eval();
  rows = kMomentLife * rows + (1 - kMomentLife) * squares.rowwise().mean();
  columns = kMomentLife * columns + (1 - kMomentLife) * squares.colwise().mean().transpose();
  const float mean = rows.mean() + 1e-30F;
  const auto second = (rows * columns.transpose() / (mean * by.correction)).eval();
  gradient.array() /= second.array().sqrt() + 1e-6F;
  const float size = std::sqrt(gradient.squaredNorm() / static_cast<float>(gradient.size()));
  weights -= gradient * (size > 1 ? by.rate / size : by.rate);
  gradient.setZero();
}

template <size_t N>
void descend_bias(std::array<float, N>& weights, std::array<float, N>& gradient, std::array<float, N>& moments, const Descent& by) {
  auto g = vector_of(gradient);
  auto m = vector_of(moments);
  g *= by.clip;
  m = kMomentLife * m + (1 - kMomentLife) * g.cwiseAbs2();
  g.array() /= (m.array() / by.correction).sqrt() + 1e-6F;
  const float size = std::sqrt(g.squaredNorm() / static_cast<float>(N));
  vector_of(weights) -= g * (size > 1 ? by.rate / size : by.rate);
  g.setZero();
}

}  // namespace

PackedLstmState packed(const LstmState& state) {
  PackedLstmState out;
  to_halves(state.h, std::span(out).first<kLstmHidden>());
  to_halves(state.c, std::span(out).last<kLstmHidden>());
  return out;
}

LstmState unpacked(const PackedLstmState& state) {
  LstmState out;
  from_halves(std::span(state).first<kLstmHidden>(), out.h);
  from_halves(std::span(state).last<kLstmHidden>(), out.c);
  return out;
}

void flatten(const LstmWeights& weights, std::span<float, kLstmSize> out) {
  auto at = std::copy(weights.cell.begin(), weights.cell.end(), out.begin());
  at = std::copy(weights.cell_bias.begin(), weights.cell_bias.end(), at);
  at = std::copy(weights.head.begin(), weights.head.end(), at);
  std::copy(weights.head_bias.begin(), weights.head_bias.end(), at);
}

void unflatten(std::span<const float, kLstmSize> in, LstmWeights& weights) {
  const auto take = [&, at = in.begin()](auto& part) mutable {
    std::copy_n(at, part.size(), part.begin());
    at += static_cast<std::ptrdiff_t>(part.size());
  };
  auto each = take;
  each(weights.cell), each(weights.cell_bias), each(weights.head), each(weights.head_bias);
}

LstmOutput step(const LstmWeights& weights, LstmState& state, const LstmInput& input) {
  lstm::step_cell(cell_of(weights), vector_of(weights.cell_bias), input.data(), vector_of(state.h).array(), vector_of(state.c).array());
  LstmOutput out;
  auto said = vector_of(out);
  said = vector_of(weights.head_bias);
  const auto head = head_of(weights);
  for (int j = 0; j < kH; ++j) said += head.col(j) * state.h[static_cast<size_t>(j)];
  for (int j = 0; j < kX; ++j) said += head.col(kH + j) * input[static_cast<size_t>(j)];
  return out;
}

float lstm_gradient(const LstmWeights& weights, const LstmWindows& windows, size_t burn, LstmWeights& gradient,
                    const LstmLossShape& shape) {
  const auto batch = static_cast<Eigen::Index>(windows.windows);
  lstm::Carried state(kH, batch), slope(kH, batch);
  std::vector<Trace> traces(windows.steps);
  Loss loss;
  for (size_t s = 0; s < windows.steps; ++s) {
    forward(weights, {windows.inputs.data() + s * windows.windows * kLstmInputs, kX, batch}, state, traces[s]);
    if (s < burn) continue;
    const Batch said = (head_of(weights) * traces[s].seen).colwise() + vector_of(weights.head_bias);
    judge(said, windows.targets.data() + s * windows.windows * kForecastHorizons, shape, traces[s].slope, loss);
  }
  const float share = 1.0F / static_cast<float>(std::max<size_t>(loss.count, 1));
  for (size_t s = windows.steps; s-- > 0;) {
    traces[s].slope *= share;
    backward(weights, traces[s], slope, gradient);
  }
  return static_cast<float>(loss.sum) * share;
}

float lstm_loss(const LstmOutput& said, const std::array<float, kForecastHorizons>& targets) {
  float sum = 0;
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    if (!std::isfinite(targets[h])) continue;
    for (size_t q = 0; q < kForecastQuantiles; ++q) {
      const float lack = targets[h] - said[h * kForecastQuantiles + q];
      sum += kHorizonWeight[h] * lack * (lack > 0 ? kQuantiles[q] : kQuantiles[q] - 1);
    }
  }
  return sum;
}

void lstm_update(LstmWeights& weights, LstmMoments& moments, LstmWeights& gradient, float rate) {
  const float norm = std::sqrt(cell_of(gradient).squaredNorm() + head_of(gradient).squaredNorm() +
                               vector_of(gradient.cell_bias).squaredNorm() + vector_of(gradient.head_bias).squaredNorm());
  const float clip = norm > 0.5F ? 0.5F / norm : 1.0F;
  ++moments.updates;
  float unseen = 1;
  for (uint32_t i = 0; i < std::min<uint32_t>(moments.updates, 4000); ++i) unseen *= kMomentLife;
  const Descent by{clip, 1 - unseen, rate};
  descend(cell_of(weights), cell_of(gradient), vector_of(moments.cell_rows), vector_of(moments.cell_columns), by);
  descend(head_of(weights), head_of(gradient), vector_of(moments.head_rows), vector_of(moments.head_columns), by);
  descend_bias(weights.cell_bias, gradient.cell_bias, moments.cell_bias, by);
  descend_bias(weights.head_bias, gradient.head_bias, moments.head_bias, by);
}

}  // namespace headroom
