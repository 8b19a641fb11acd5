#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace headroom {

// One measurement of a load by one of those that carry it.
struct LoadSample {
  uint64_t instance = 0;  // a hash of its name
  int64_t time_ms = 0;
  double value = 0;      // finite
  bool counter = false;  // counts from its start on; the load is by how much a second
};

struct LoadStepRule {
  int64_t step_ms = 60'000;
  size_t most_instances = 1000;
  int64_t carried = 3;  // steps in a row that may be without a value
};

// A step that is over: [index x step_ms, (index + 1) x step_ms) since the epoch.
struct LoadStep {
  int64_t index = 0;
  double value = 0;      // the load's mean; the last one where nothing came
  bool carried = false;  // nothing came
};

enum class LoadSampleFate : uint8_t { kTaken, kLate, kTooManyInstances };

// A load as equal steps, from the samples of its instances: of gauges the mean of each, of counters the increase by time (a count that fell
// began anew at zero), summed up over the instances that were heard in the step. A step without any repeats the last one, up to `carried`
// times in a row; further ones are left out: a gap.
//
// Plain data; a State may hold it. One thread.
struct LoadSteps {
  struct Source {
    uint64_t instance = 0;
    int64_t last_ms = 0;
    double last = 0;    // as it came
    double load = 0;    // now
    double sum = 0;     // over the open step: of values, or of increases
    double weight = 0;  // how many, or of how many seconds
    auto fields() { return std::tie(instance, last_ms, last, load, sum, weight); }
  };
  std::vector<Source> sources;  // in the order they were first heard
  int64_t open = -1;            // the step under way; -1 before the first sample
  int64_t newest_ms = 0;
  int64_t missing = 0;  // steps in a row without a value
  bool begun = false;   // a step had a value
  double value = 0;     // of the last step that had one

  // Call close_before(step of the sample) first. A sample of a step that is over, or not newer than its instance's last one, is late.
  LoadSampleFate add(const LoadStepRule& rule, const LoadSample& sample);
  // Closes one of the open step and those after it, as long as it lies before `index`; none when nothing is left, or in a gap. Call until
  // it gives none; at most rule.carried + 1 times.
  std::optional<LoadStep> close_before(const LoadStepRule& rule, int64_t index);
  // The load now: the sum over the instances that were heard within one step before the newest sample.
  double now(const LoadStepRule& rule) const;
  // Whether what is known is no older than a gap allows.
  bool known(const LoadStepRule& rule) const { return open >= 0 && !sources.empty() && missing <= rule.carried; }

  auto fields() { return std::tie(sources, open, newest_ms, missing, begun, value); }
};

}  // namespace headroom
