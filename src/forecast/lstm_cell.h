#pragma once

#include <Eigen/Core>
#include <array>

// The cell of an LSTM of any size (Hochreiter and Schmidhuber 1997, with forget gates), forward and back through time: what LSTMs of this
// folder share. For its .cc files only, as Eigen stays in them.
//
// `weights` are a matrix of 4 hidden rows, the gates in the order input, forget, candidate, output, by [x; h] columns, `bias` a vector of
// them; sizes are compiled in. A batch has a column a series.
namespace headroom::lstm {

using Batch = Eigen::MatrixXf;

// Arrays as what they hold, column by column.
template <int Rows, int Columns, size_t N>
auto matrix_of(const std::array<float, N>& a) {
  static_assert(N == Rows * Columns);
  return Eigen::Map<const Eigen::Matrix<float, Rows, Columns>, Eigen::Aligned64>(a.data());
}
template <int Rows, int Columns, size_t N>
auto matrix_of(std::array<float, N>& a) {
  static_assert(N == Rows * Columns);
  return Eigen::Map<Eigen::Matrix<float, Rows, Columns>, Eigen::Aligned64>(a.data());
}
template <size_t N>
auto vector_of(const std::array<float, N>& a) {
  return Eigen::Map<const Eigen::Matrix<float, static_cast<int>(N), 1>>(a.data());
}
template <size_t N>
auto vector_of(std::array<float, N>& a) {
  return Eigen::Map<Eigen::Matrix<float, static_cast<int>(N), 1>>(a.data());
}

template <class Weights>
inline constexpr int kHiddenOf = Weights::RowsAtCompileTime / 4;
template <class Weights>
inline constexpr int kInputsOf = Weights::ColsAtCompileTime - kHiddenOf<Weights>;

template <class A>
auto sigmoid(const A& z) {
  return ((z * 0.5F).tanh() * 0.5F + 0.5F).eval();
}

// One step of one series.
template <class Weights, class Bias, class H, class C>
void step_cell(const Weights& weights, const Bias& bias, const float* x, H h, C c) {
  constexpr int kX = kInputsOf<Weights>, kH = kHiddenOf<Weights>;
  Eigen::Array<float, 4 * kH, 1> z = bias.array();
  for (int j = 0; j < kX; ++j) z += weights.col(j).array() * x[j];
  for (int j = 0; j < kH; ++j) z += weights.col(kX + j).array() * h[j];
  c = sigmoid(z.template segment<kH>(kH)) * c + sigmoid(z.template head<kH>()) * z.template segment<kH>(2 * kH).tanh();
  h = sigmoid(z.template tail<kH>()) * c.tanh();
}

// What goes from step to step: hidden and cell states on the way forth, their slopes on the way back.
struct Carried {
  Carried(int hidden, Eigen::Index series) : h(Batch::Zero(hidden, series)), c(Batch::Zero(hidden, series)) {}
  Batch h, c;
};

// What one step of the batch leaves for the way back.
struct CellTrace {
  Batch in, i, f, g, o, c_before, tanh_c;
};

template <class Weights, class Bias>
void forward(const Weights& weights, const Bias& bias, const Eigen::Map<const Batch>& x, Carried& state, CellTrace& t) {
  constexpr int kX = kInputsOf<Weights>, kH = kHiddenOf<Weights>;
  t.in.resize(kX + kH, x.cols());
  t.in.topRows(kX) = x;
  t.in.bottomRows(kH) = state.h;
  const Batch z = (weights * t.in).colwise() + bias;
  t.i = sigmoid(z.topRows(kH).array()).matrix();
  t.f = sigmoid(z.middleRows(kH, kH).array()).matrix();
  t.g = z.middleRows(2 * kH, kH).array().tanh().matrix();
  t.o = sigmoid(z.bottomRows(kH).array()).matrix();
  t.c_before = state.c;
  state.c = t.f.cwiseProduct(state.c) + t.i.cwiseProduct(t.g);
  t.tanh_c = state.c.array().tanh().matrix();
  state.h = t.o.cwiseProduct(t.tanh_c);
}

// Adds to the gradients; `slope` of this step becomes that of the step before.
template <class Weights, class WeightGradient, class BiasGradient>
void backward(const Weights& weights, const CellTrace& t, Carried& slope, WeightGradient gradient, BiasGradient bias_gradient) {
  constexpr int kH = kHiddenOf<Weights>;
  auto &dh = slope.h, &dc = slope.c;
  dc.array() += dh.array() * t.o.array() * (1 - t.tanh_c.array().square());
  Batch dz(4 * kH, dh.cols());
  dz.topRows(kH) = (dc.array() * t.g.array() * t.i.array() * (1 - t.i.array())).matrix();
  dz.middleRows(kH, kH) = (dc.array() * t.c_before.array() * t.f.array() * (1 - t.f.array())).matrix();
  dz.middleRows(2 * kH, kH) = (dc.array() * t.i.array() * (1 - t.g.array().square())).matrix();
  dz.bottomRows(kH) = (dh.array() * t.tanh_c.array() * t.o.array() * (1 - t.o.array())).matrix();
  gradient.noalias() += dz * t.in.transpose();
  bias_gradient += dz.rowwise().sum();
  dh.noalias() = weights.template rightCols<kH>().transpose() * dz;
  dc.array() *= t.f.array();
}

}  // namespace headroom::lstm
