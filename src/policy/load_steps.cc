#include "policy/load_steps.h"

#include <algorithm>
#include <cmath>

#include "policy/saturating.h"

namespace headroom {
namespace {

// Beyond any load; keeps sums finite.
constexpr double kMostLoad = 1e30;

void take(LoadSteps::Source& source, const LoadSample& sample, double value) {
  if (!sample.counter) {
    source.load = value;
    source.sum += value;
    source.weight += 1;
  } else if (source.last_ms > 0) {
    const double seconds = static_cast<double>(sample.time_ms - source.last_ms) / 1000;
    const double increase = std::max(value >= source.last ? value - source.last : value, 0.0);
    source.load = increase / seconds;
    source.sum += increase;
    source.weight += seconds;
  }
  source.last = value;
  source.last_ms = sample.time_ms;
}

}  // namespace

LoadSampleFate LoadSteps::add(const LoadStepRule& rule, const LoadSample& sample) {
  const int64_t index = sample.time_ms / rule.step_ms;
  if (index < open) return LoadSampleFate::kLate;
  auto source = std::find_if(sources.begin(), sources.end(), [&](const Source& s) { return s.instance == sample.instance; });
  if (source == sources.end()) {
    if (sources.size() >= rule.most_instances) return LoadSampleFate::kTooManyInstances;
    source = sources.insert(sources.end(), Source{.instance = sample.instance});
  } else if (sample.time_ms <= source->last_ms) {
    return LoadSampleFate::kLate;
  }
  if (missing > rule.carried) missing = 0;
  open = index;
  newest_ms = std::max(newest_ms, sample.time_ms);
  take(*source, sample, std::clamp(sample.value, -kMostLoad, kMostLoad));
  return LoadSampleFate::kTaken;
}

std::optional<LoadStep> LoadSteps::close_before(const LoadStepRule& rule, int64_t index) {
  if (open < 0 || open >= index) return std::nullopt;
  double sum = 0;
  bool heard = false;
  for (Source& source : sources) {
    if (source.weight > 0) sum += source.sum / source.weight, heard = true;
    source.sum = source.weight = 0;
  }
  const int64_t silent_since = saturating_sub(saturating_mul(open, rule.step_ms), saturating_mul(rule.carried, rule.step_ms));
  if (heard) value = sum, begun = true;
  missing = heard ? 0 : missing + 1;
  if (missing > rule.carried || !begun) {
    // What is left of the way is a gap.
    open = index;
    sources.clear();
    return std::nullopt;
  }
  std::erase_if(sources, [silent_since](const Source& source) { return source.last_ms < silent_since; });
  return LoadStep{open++, value, !heard};
}

double LoadSteps::now(const LoadStepRule& rule) const {
  double sum = 0;
  for (const Source& source : sources)
    if (saturating_sub(newest_ms, source.last_ms) < rule.step_ms) sum += source.load;
  return sum;
}

}  // namespace headroom
