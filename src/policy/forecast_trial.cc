#include "policy/forecast_trial.h"

#include <algorithm>
#include <cmath>

#include "policy/saturating.h"

namespace headroom {
namespace {

// Beyond any load; keeps sums finite.
constexpr double kMostError = 1e150;

double error_of(double expected, double actual) {
  const double error = std::abs(expected - actual);
  return error < kMostError ? error : kMostError;  // also what is not a number
}

}  // namespace

void ForecastTrial::add(const ClosedStep& step, const ForecastView& view, size_t horizon) {
  if (step.end_ms <= last_ms || !std::isfinite(step.value)) return;
  last_ms = step.end_ms;
  for (const Pending& expected : pending) {
    if (expected.due_ms == step.end_ms) score(expected, step.value);
  }
  std::erase_if(pending, [&](const Pending& expected) { return expected.due_ms <= step.end_ms; });
  if (!view.available || view.origin_ms != step.end_ms || horizon >= ForecastView::kHorizons) return;
  if (pending.size() >= kMostPending) pending.erase(pending.begin(), pending.end() - (kMostPending - 1));
  const int64_t due_ms = saturating_add(view.origin_ms, saturating_mul(view.step_ms, view.steps[horizon]));
  pending.push_back({due_ms, view.at[horizon].point, step.value, view.at[horizon].q95});
}

void ForecastTrial::score(const Pending& expected, double actual) {
  if (blocks.empty() || blocks.back().scored >= kBlockSteps) {
    if (blocks.size() >= kBlocks) blocks.erase(blocks.begin(), blocks.end() - (kBlocks - 1));
    blocks.emplace_back();
  }
  ++blocks.back().scored;
  blocks.back().forecast += error_of(expected.point, actual);
  blocks.back().persistence += error_of(expected.last, actual);
  if (actual <= expected.q95) ++blocks.back().covered;
  judge();
}

void ForecastTrial::judge() {
  const double relative = relative_error();
  proven = proven || (scored() >= kLeastScored && relative < 1);
  if (!demoted) {
    demoted = scored() >= kLeastScored && relative > 1;
    better_steps = 0;
    return;
  }
  better_steps = relative < kRestoreBelow ? better_steps + 1 : 0;
  if (better_steps < kRestoreSteps) return;
  demoted = false;
  better_steps = 0;
}

int64_t ForecastTrial::scored() const {
  int64_t sum = 0;
  for (const Block& block : blocks) sum = saturating_add(sum, block.scored);
  return sum;
}

double ForecastTrial::coverage() const {
  int64_t covered = 0;
  for (const Block& block : blocks) covered = saturating_add(covered, block.covered);
  const int64_t all = scored();
  return all > 0 ? static_cast<double>(covered) / static_cast<double>(all) : 0;
}

double ForecastTrial::relative_error() const {
  double forecast = 0;
  double persistence = 0;
  for (const Block& block : blocks) forecast += block.forecast, persistence += block.persistence;
  if (persistence > 0) return forecast / persistence;
  return forecast > 0 ? kMostError : 1;
}

}  // namespace headroom
