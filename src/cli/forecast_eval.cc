#include "cli/forecast_eval.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <memory>

#include "forecast/bars.h"

namespace headroom {
namespace {

constexpr size_t kShown = kEvalQuantiles.size();
constexpr size_t k95 = 2;
constexpr std::string_view kPersistence = "persistence";

struct Answer {
  std::array<double, kForecastHorizons> point{};
  std::array<std::array<double, kShown>, kForecastHorizons> quantiles{};
};
using Method = std::function<Answer(size_t row)>;

// The last 1000 errors of one horizon, sorted: what lies above a point with its share.
class LastErrors {
 public:
  void add(double error) {
    order_.push_back(error);
    sorted_.insert(std::lower_bound(sorted_.begin(), sorted_.end(), error), error);
    if (order_.size() <= 1000) return;
    sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), order_.front()));
    order_.pop_front();
  }
  double quantile(float share) const {
    if (sorted_.empty()) return 0;
    return sorted_[static_cast<size_t>(std::floor(static_cast<double>(share) * static_cast<double>(sorted_.size())))];
  }

 private:
  std::deque<double> order_;
  std::vector<double> sorted_;
};

size_t ahead(const EvalSettings& settings, size_t h) {
  return static_cast<size_t>(settings.horizons[h]);
}

template <class Size>
ForecasterSettings forecaster_settings(const Series& series, const EvalSettings& settings) {
  ForecasterSettings out;
  out.step_ms = series.step_ms;
  out.horizons = settings.horizons;
  out.seed = settings.seed;
  out.companions = std::min(series.companions.size(), Size::kCompanions);
  return out;
}

// One of our own. Up to three missing steps are carried; where it says nothing yet, the last value stands.
template <class Size>
class Ours {
 public:
  Ours(const Series& series, const EvalSettings& settings, const LstmWeights* weights)
      : series_(series),
        forecaster_(forecaster_settings<Size>(series, settings), weights),
        state_(std::make_unique<ForecasterState<Size>>()) {}

  std::optional<Forecast> step(size_t row, LstmView* view = nullptr) {
    const int64_t at = series_.times_ms[row] / series_.step_ms;
    const int64_t last = state_->hot.step;
    if (last >= 0 && at <= last) return made_;  // a row off the grid
    if (last >= 0 && at - last <= 4)
      for (int64_t missing = last + 1; missing < at; ++missing) (void)advance(missing, row - 1, nullptr);
    made_ = advance(at, row, view);
    return made_;
  }
  Answer answer(size_t row) {
    const auto made = step(row);
    Answer out;
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      out.point[h] = made ? static_cast<double>(made->point[h]) : series_.values[row];
      for (size_t q = 0; q < kShown; ++q) {
        const auto at = static_cast<size_t>(std::find(kQuantiles.begin(), kQuantiles.end(), kEvalQuantiles[q]) - kQuantiles.begin());
        out.quantiles[h][q] = made ? static_cast<double>(made->quantiles[h][at]) : series_.values[row];
      }
    }
    return out;
  }

 private:
  // With the values of a row.
  std::optional<Forecast> advance(int64_t step, size_t row, LstmView* view) {
    const auto value = static_cast<float>(series_.values[row]);
    if constexpr (Size::kCompanions == 0) {
      return forecaster_.step(*state_, step, value, view);
    } else {
      std::array<float, kMostCompanions> companions{};
      for (size_t i = 0; i < series_.companions.size(); ++i) companions[i] = series_.companions[i][row];
      return forecaster_.step(*state_, step, value, companions, view);
    }
  }
  const Series& series_;
  Forecaster<Size> forecaster_;
  std::unique_ptr<ForecasterState<Size>> state_;
  std::optional<Forecast> made_;
};

template <class Size>
Method ours(const Series& series, const EvalSettings& settings, const LstmWeights* weights) {
  return [method = std::make_shared<Ours<Size>>(series, settings, weights)](size_t row) { return method->answer(row); };
}

// Rows before the first origin that counts.
size_t warm_up_rows(const Series& series, const EvalSettings& settings) {
  if (settings.from_ms) {
    const auto first = std::lower_bound(series.times_ms.begin(), series.times_ms.end(), series.times_ms[0] + *settings.from_ms);
    return static_cast<size_t>(first - series.times_ms.begin());
  }
  const auto week = static_cast<size_t>(7 * 86'400'000 / series.step_ms);
  return settings.warm_up.value_or(std::min(series.values.size() / 2, week));
}

bool counts(const Series& series, const EvalSettings& settings, size_t row) {
  if (settings.to_ms && series.times_ms[row] - series.times_ms[0] > *settings.to_ms) return false;
  return row >= warm_up_rows(series, settings);
}

// A bar, with the quantiles of its own last errors.
Method bar(std::string_view name, const Series& series, const EvalSettings& settings) {
  struct Run {
    std::unique_ptr<Bar> bar;
    std::array<std::deque<double>, kForecastHorizons> pending;
    std::array<LastErrors, kForecastHorizons> errors;
  };
  auto run = std::make_shared<Run>();
  const int64_t day = std::max<int64_t>(86'400'000 / series.step_ms, 1);
  run->bar = make_bar(name, {day, settings.horizons, warm_up_rows(series, settings), settings.seed});
  return [run, &series, settings](size_t row) {
    Answer out;
    const auto points = run->bar->step(static_cast<float>(series.values[row]));
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      auto& pending = run->pending[h];
      if (pending.size() == ahead(settings, h)) {
        run->errors[h].add(series.values[row] - pending.front());
        pending.pop_front();
      }
      out.point[h] = static_cast<double>(points[h]);
      pending.push_back(out.point[h]);
      for (size_t q = 0; q < kShown; ++q) out.quantiles[h][q] = out.point[h] + run->errors[h].quantile(kEvalQuantiles[q]);
    }
    return out;
  };
}

double pinball(double truth, double quantile) {
  const double off = truth - quantile;
  return off > 0 ? 0.95 * off : -0.05 * off;
}

void score(MethodScore& score, double truth, const Answer& answer, const Answer& still, size_t h) {
  score.error += std::abs(answer.point[h] - truth);
  score.still += std::abs(still.point[h] - truth);
  score.pinball += pinball(truth, answer.quantiles[h][k95]);
  score.still_pinball += pinball(truth, still.quantiles[h][k95]);
  score.below += truth <= answer.quantiles[h][k95];
  ++score.origins;
}

std::vector<std::pair<std::string, Method>> methods_of(const Series& series, const EvalSettings& settings, const EvalWeights& weights) {
  std::vector<std::pair<std::string, Method>> out;
  const auto wanted = [&](std::string_view name) {
    return settings.methods.empty() || std::find(settings.methods.begin(), settings.methods.end(), name) != settings.methods.end();
  };
  if (wanted(HeadroomSize::kName))
    out.emplace_back(HeadroomSize::kName, series.companions.empty() ? ours<HeadroomSize>(series, settings, weights.headroom)
                                                                    : ours<HeadroomMultivariateSize>(series, settings, weights.headroom));
  if (wanted(HeadroomSmallSize::kName))
    out.emplace_back(HeadroomSmallSize::kName, ours<HeadroomSmallSize>(series, settings, weights.small));
  for (const auto name : kBars)
    if (name == kPersistence || wanted(name)) out.emplace_back(name, bar(name, series, settings));
  return out;
}

// Where the scores of an origin go; null where it does not count.
using ScoresOf = std::function<SeriesScores*(size_t origin)>;

void evaluate_origins(const Series& series, const EvalSettings& settings, const EvalWeights& weights, const ScoresOf& scores_of,
                      const ForecastObserver& observer) {
  const auto methods = methods_of(series, settings, weights);
  const auto still = static_cast<size_t>(
      std::find_if(methods.begin(), methods.end(), [](const auto& method) { return method.first == kPersistence; }) - methods.begin());
  // By origin. A forecast is judged, and its row written, when its truth comes: so the rows of a file that was cut are the first of the
  // whole one's.
  std::vector<std::vector<Answer>> answers(static_cast<size_t>(kMostHorizon) + 1, std::vector<Answer>(methods.size()));
  for (size_t row = 0; row < series.values.size(); ++row) {
    for (size_t m = 0; m < methods.size(); ++m) answers[row % answers.size()][m] = methods[m].second(row);
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      SeriesScores* scores = row < ahead(settings, h) ? nullptr : scores_of(row - ahead(settings, h));
      if (scores == nullptr) continue;
      const size_t origin = row - ahead(settings, h);
      const auto& then = answers[origin % answers.size()];
      for (size_t m = 0; m < methods.size(); ++m) {
        score((*scores)[methods[m].first][h], series.values[row], then[m], then[still], h);
        if (observer)
          observer({series, methods[m].first, origin, settings.horizons[h], series.values[row], then[m].point[h], then[m].quantiles[h]});
      }
    }
  }
}

size_t part_of(const PartEnds& ends, size_t row) {
  return static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), row) - ends.begin());
}

}  // namespace

std::vector<std::string> eval_methods() {
  std::vector<std::string> out = {HeadroomSize::kName, HeadroomSmallSize::kName};
  out.insert(out.end(), kBars.begin(), kBars.end());
  return out;
}

void write_row(std::FILE* out, const JudgedForecast& forecast) {
  const auto& q = forecast.quantiles;
  std::fprintf(out, "%s,%lld,%d,%s,%.9g,%.7g,%.7g,%.7g,%.7g,%.7g\n", forecast.series.name.c_str(),
               static_cast<long long>(forecast.series.times_ms[forecast.origin]), forecast.horizon, forecast.method.c_str(), forecast.truth,
               forecast.point, q[0], q[1], q[2], q[3]);
}

SeriesScores evaluate(const Series& series, const EvalSettings& settings, const EvalWeights& weights, const ForecastObserver& observer) {
  SeriesScores scores;
  evaluate_origins(
      series, settings, weights, [&](size_t origin) { return counts(series, settings, origin) ? &scores : nullptr; }, observer);
  return scores;
}

std::vector<SeriesScores> evaluate_parts(const Series& series, const EvalSettings& settings, const EvalWeights& weights,
                                         const PartEnds& ends) {
  std::vector<SeriesScores> scores(ends.size());
  evaluate_origins(
      series, settings, weights, [&](size_t origin) { return counts(series, settings, origin) ? &scores[part_of(ends, origin)] : nullptr; },
      nullptr);
  return scores;
}

template <class Size>
std::vector<LstmSeries> lstm_parts(const Series& series, const EvalSettings& settings, const PartEnds& ends) {
  Ours<Size> run(series, settings, nullptr);
  std::vector<LstmSeries> out(ends.size());
  for (size_t row = 0; row < series.values.size(); ++row) {
    LstmView view;
    if (!run.step(row, &view)) continue;
    const size_t part = part_of(ends, row);
    std::array<float, kForecastHorizons> targets;
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      const size_t then = row + ahead(settings, h);
      const bool known = then < ends[part];
      const float lack = known ? (static_cast<float>(series.values[then]) - view.base[h]) / view.scale : 0;
      targets[h] = known ? std::clamp(lack, -12.0F, 12.0F) : std::numeric_limits<float>::quiet_NaN();
    }
    out[part].inputs.push_back(view.input);
    out[part].targets.push_back(targets);
  }
  return out;
}

template std::vector<LstmSeries> lstm_parts<HeadroomSize>(const Series&, const EvalSettings&, const PartEnds&);
template std::vector<LstmSeries> lstm_parts<HeadroomSmallSize>(const Series&, const EvalSettings&, const PartEnds&);

template <class Size>
LstmSeries lstm_series(const Series& series, const EvalSettings& settings) {
  return std::move(lstm_parts<Size>(series, settings, {series.values.size()}).front());
}

template LstmSeries lstm_series<HeadroomSize>(const Series&, const EvalSettings&);
template LstmSeries lstm_series<HeadroomSmallSize>(const Series&, const EvalSettings&);

MethodSummary summarise(const std::map<std::string, SeriesScores>& scores, const std::string& method, size_t horizon) {
  MethodSummary out;
  double log_error = 0, log_pinball = 0, coverage = 0;
  for (const auto& [name, of] : scores) {
    if (!of.contains(method)) continue;
    const MethodScore& score = of.at(method)[horizon];
    if (score.origins == 0 || score.still <= 0) continue;
    log_error += std::log(std::max(score.relative(), 1e-12));
    log_pinball += std::log(std::max(score.relative_pinball(), 1e-12));
    out.worst = std::max(out.worst, score.relative());
    coverage += score.coverage();
    out.furthest = std::max(out.furthest, std::abs(score.coverage() - 0.95));
    out.won += score.relative() < 1;
    ++out.series;
  }
  const double n = std::max<double>(static_cast<double>(out.series), 1);
  out.error = std::exp(log_error / n);
  out.pinball = std::exp(log_pinball / n);
  out.coverage = coverage / n;
  return out;
}

std::string eval_table(const std::map<std::string, SeriesScores>& scores, const std::array<int, kForecastHorizons>& horizons) {
  std::string out = "horizon  method           MAE/persistence   won  worst   pinball 0.95  coverage  furthest\n";
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    for (const auto& method : eval_methods()) {
      const MethodSummary sum = summarise(scores, method, h);
      char line[160];
      std::snprintf(line, sizeof line, "%7d  %-16s %15.3f  %2zu/%-2zu %6.3f  %13.3f  %8.3f  %8.3f\n", horizons[h], method.c_str(),
                    sum.error, sum.won, sum.series, sum.worst, sum.pinball, sum.coverage, sum.furthest);
      out += line;
    }
  }
  return out;
}

}  // namespace headroom
