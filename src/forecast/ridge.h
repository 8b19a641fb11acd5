#pragma once

#include <array>
#include <cstddef>
#include <tuple>

namespace headroom {

// Inputs of a regression, padded with zeros so that every sum has one length and one order.
inline constexpr size_t kMostFeatures = 32;
struct alignas(32) Features {
  std::array<float, kMostFeatures> at{};
};

// The dot product over the padded length: the same bits however the caller batches.
float dot(const Features& a, const Features& b);

// What a recursive regression of N inputs remembers: weights, and the upper triangle by rows of P, the inverse of the discounted moments.
template <size_t N>
struct RidgeState {
  std::array<float, N> weights{};
  std::array<float, N*(N + 1) / 2> covariance{};
  auto fields() { return std::tie(weights, covariance); }
};

// Recursive least squares with exponential forgetting and Huber weights (Ljung, System Identification, 11.2; Huber 1964). Starts as a ridge
// with penalty 1. Works on an unpacked copy, so that several updates cost one unpacking. One thread.
class Ridge {
 public:
  template <size_t N>
  explicit Ridge(const RidgeState<N>& state) : size_(N) {
    static_assert(N <= kMostFeatures);
    unpack(state.weights.data(), state.covariance.data());
  }
  template <size_t N>
  void store(RidgeState<N>& state) const {
    pack(state.weights.data(), state.covariance.data());
  }
  template <size_t N>
  static void begin(RidgeState<N>& state, float variance) {
    state = {};
    for (size_t i = 0, at = 0; i < N; at += N - i, ++i) state.covariance[at] = variance;
  }

  float predict(const Features& x) const { return dot(weights_, x); }
  // `huber`: errors beyond it weigh as much as one of this size; `forgetting`: 1 - 1/life in updates.
  void learn(const Features& x, float target, float huber, float forgetting);

 private:
  void unpack(const float* weights, const float* covariance);
  void pack(float* weights, float* covariance) const;
  void limit();

  size_t size_;
  Features weights_;
  std::array<Features, kMostFeatures> rows_;
};

// The weights alone, for a forecast.
template <size_t N>
float predict(const RidgeState<N>& state, const Features& x) {
  Features weights;
  for (size_t i = 0; i < N; ++i) weights.at[i] = state.weights[i];
  return dot(weights, x);
}

}  // namespace headroom
