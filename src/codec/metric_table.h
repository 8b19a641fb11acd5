#pragma once

#include <array>
#include <cstring>
#include <string_view>

#include "headroom/codec.h"

// The metrics that are known by name, inline for the hot path; headroom/codec.h has the same for everyone.
namespace headroom::codec {

struct KnownMetric {
  std::string_view name;
  MetricLimits limits;
};

// In the order of Metric.
inline constexpr std::array<KnownMetric, 9> kKnownMetrics = {{
    {"cpu_reserved_cores", {0, 1e9}},
    {"cpu_used_cores", {0, 1e9}},
    {"memory_reserved_bytes", {0, 9e15}},
    {"memory_used_bytes", {0, 9e15}},
    {"gpu_reserved", {0, 1e9}},
    {"gpu_used", {0, 1e9}},
    {"replicas", {0, 9e15}},
    {"oom_kills", {0, 9e15}},
    {"", {-1e300, 1e300}},
}};

// Whether a name of the right size is this one: the size is known to the compiler, so this takes a few instructions.
template <size_t N>
bool same_metric(std::string_view name, const char (&known)[N]) {
  return std::memcmp(name.data(), known, N - 1) == 0;
}

inline Metric known_metric(std::string_view name) {
  switch (name.size()) {
    case 8:
      if (same_metric(name, "replicas")) return Metric::kReplicas;
      return same_metric(name, "gpu_used") ? Metric::kGpuUsed : Metric::kOther;
    case 9:
      return same_metric(name, "oom_kills") ? Metric::kOomKills : Metric::kOther;
    case 12:
      return same_metric(name, "gpu_reserved") ? Metric::kGpuReserved : Metric::kOther;
    case 14:
      return same_metric(name, "cpu_used_cores") ? Metric::kCpuUsedCores : Metric::kOther;
    case 17:
      return same_metric(name, "memory_used_bytes") ? Metric::kMemoryUsedBytes : Metric::kOther;
    case 18:
      return same_metric(name, "cpu_reserved_cores") ? Metric::kCpuReservedCores : Metric::kOther;
    case 21:
      return same_metric(name, "memory_reserved_bytes") ? Metric::kMemoryReservedBytes : Metric::kOther;
    default:
      return Metric::kOther;
  }
}

inline const MetricLimits& known_limits(Metric metric) {
  return kKnownMetrics[static_cast<size_t>(metric)].limits;
}

}  // namespace headroom::codec
