#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "cli/series_file.h"

namespace headroom {

// A made-up load of a service, a function of `seed` and `index` alone: a day with its peaks, a quieter weekend, jobs at a minute of the
// hour, wandering and fast noise, bursts that fade, sudden shifts of the level, a trend, sometimes an outage. Two of three have a row a
// minute for two weeks, the third one in five minutes for four. Named generated-SEED-INDEX.
Series generated_load(uint64_t seed, size_t index);

// The series as a CSV that read_series() reads the same.
std::string series_csv(const Series& series);

}  // namespace headroom
