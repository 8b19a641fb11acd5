#pragma once

#include <cstdint>
#include <string_view>

namespace headroom {

// The metrics that Headroom knows by name; any other is a load to forecast.
enum class Metric : uint8_t {
  kCpuReservedCores,
  kCpuUsedCores,
  kMemoryReservedBytes,
  kMemoryUsedBytes,
  kGpuReserved,
  kGpuUsed,
  kReplicas,
  kOomKills,
  kOther,
};

// One measurement of one target, as it stands in `headroom.samples`.
//
// All views point into the record (or the decoder's arena) and are valid only while its batch is being processed. A label that is absent
// is the empty string. `value` is finite, in base units (cores, bytes, counts).
struct Sample {
  std::string_view target;  // cluster/namespace/kind/name
  std::string_view metric_name;
  std::string_view container;
  std::string_view instance;
  std::string_view host;
  std::string_view environment;
  std::string_view instance_type;
  std::string_view zone;
  int64_t time_ms = 0;  // event time, Unix milliseconds
  double value = 0;
  Metric metric = Metric::kOther;
};

}  // namespace headroom
