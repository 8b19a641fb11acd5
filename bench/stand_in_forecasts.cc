#include "stand_in_forecasts.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace headroom {
namespace {

constexpr size_t kKnownErrors = 1000;
constexpr size_t kLeastErrors = 50;
constexpr double kDecentShare = 0.3;
constexpr double kForeseen = 0.99;

// The last 1,000 errors, sorted.
class Errors {
 public:
  void add(double error) {
    sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), error), error);
    order_.push_back(error);
    if (order_.size() - first_ <= kKnownErrors) return;
    sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), order_[first_]));
    ++first_;
  }
  bool few() const { return sorted_.size() < kLeastErrors; }
  double at(double share) const {
    return sorted_[std::min(static_cast<size_t>(share * static_cast<double>(sorted_.size())), sorted_.size() - 1)];
  }

 private:
  std::vector<double> sorted_;
  std::vector<double> order_;
  size_t first_ = 0;
};

}  // namespace

const std::vector<std::string>& StandInForecasts::kinds() {
  static const std::vector<std::string> all{"none", "perfect", "persistence", "decent", "x3", "x0", "shuffled", "late_x3"};
  return all;
}

StandInForecasts::StandInForecasts(const std::string& kind, const LoadCurve& load) : load_(load) {
  shape_.step_ms = load.step_ms;
  OfStep unknown;
  for (ForecastPoint& point : unknown) point.point = -1;
  points_.assign(load.values.size(), unknown);
  if (kind == "none") return;
  fill(kind == "perfect" ? 1 : kind == "persistence" ? 0 : kDecentShare, kind == "perfect" || kind == "persistence" ? 1 : kForeseen);
  if (kind == "x3") multiply(3, 0);
  if (kind == "x0") multiply(0, 0);
  if (kind == "late_x3") multiply(3, points_.size() / 2);
  if (kind == "shuffled") shuffle();
}

void StandInForecasts::fill(double share, double foreseen) {
  for (size_t horizon = 0; horizon < ForecastView::kHorizons; ++horizon) fill_horizon(horizon, share, foreseen);
}

void StandInForecasts::fill_horizon(size_t horizon, double share, double foreseen) {
  const auto ahead = static_cast<size_t>(shape_.steps[horizon]);
  const auto& values = load_.values;
  std::vector<double> points;
  const double floor = foreseen < 1 ? 0.1 * load_.quantile(0.5) : 0;
  const auto scale = [&](double level) { return foreseen < 1 ? floor + level : 1.0; };
  Errors moves;
  Errors errors;
  for (size_t origin = 0; origin < values.size(); ++origin) {
    if (origin >= ahead) {
      moves.add(std::abs(values[origin] - values[origin - ahead]));
      errors.add((values[origin] - points[origin - ahead]) / scale(points[origin - ahead]));
    }
    const double move = values[std::min(origin + ahead, values.size() - 1)] - values[origin];
    const bool jump = foreseen < 1 && (moves.few() || std::abs(move) > moves.at(foreseen));
    const double point = values[origin] + (jump ? 0 : move * share);
    points.push_back(point);
    if (errors.few()) continue;
    const auto up = [&](double quantile) { return std::max(point + errors.at(quantile) * scale(point), 0.0); };
    points_[origin][horizon] = {point, up(0.5), up(0.8), up(0.9), up(0.95), up(0.99)};
  }
}

void StandInForecasts::multiply(double by, size_t from) {
  for (size_t origin = from; origin < points_.size(); ++origin) {
    for (ForecastPoint& point : points_[origin]) {
      if (point.point < 0) continue;
      for (double* value : {&point.point, &point.q50, &point.q80, &point.q90, &point.q95, &point.q99}) *value *= by;
    }
  }
}

void StandInForecasts::shuffle() {
  const auto week = static_cast<size_t>(7 * 86'400'000 / std::max<int64_t>(load_.step_ms, 1));
  std::mt19937_64 random(7);
  for (size_t first = 0; first < points_.size(); first += week) {
    const size_t count = std::min(week, points_.size() - first);
    for (size_t i = count - 1; i > 0; --i) std::swap(points_[first + i], points_[first + random() % (i + 1)]);
  }
}

size_t StandInForecasts::newest(int64_t known_ms) const {
  const int64_t step = std::max<int64_t>(known_ms - load_.start_ms, 0) / load_.step_ms;
  return std::min(static_cast<size_t>(step), points_.size() - 1);
}

ForecastView StandInForecasts::at(int64_t known_ms) const {
  ForecastView view = shape_;
  const size_t origin = newest(known_ms);
  view.origin_ms = load_.start_ms + static_cast<int64_t>(origin) * load_.step_ms;
  view.at = points_[origin];
  view.available = view.at.back().point >= 0;
  return view;
}

}  // namespace headroom
