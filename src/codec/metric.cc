#include <array>

#include "headroom/codec.h"

namespace headroom {
namespace {

struct Known {
  std::string_view name;
  MetricLimits limits;
};

// In the order of Metric.
constexpr std::array<Known, 9> kKnown = {{
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

Metric named_or_other(std::string_view name, Metric metric) {
  return name == kKnown[static_cast<size_t>(metric)].name ? metric : Metric::kOther;
}

}  // namespace

MetricLimits metric_limits(Metric metric) {
  return kKnown[static_cast<size_t>(metric)].limits;
}

std::string_view metric_name(Metric metric) {
  return kKnown[static_cast<size_t>(metric)].name;
}

Metric metric_named(std::string_view name) {
  switch (name.size()) {
    case 8:
      return name.front() == 'r' ? named_or_other(name, Metric::kReplicas) : named_or_other(name, Metric::kGpuUsed);
    case 9:
      return named_or_other(name, Metric::kOomKills);
    case 12:
      return named_or_other(name, Metric::kGpuReserved);
    case 14:
      return named_or_other(name, Metric::kCpuUsedCores);
    case 17:
      return named_or_other(name, Metric::kMemoryUsedBytes);
    case 18:
      return named_or_other(name, Metric::kCpuReservedCores);
    case 21:
      return named_or_other(name, Metric::kMemoryReservedBytes);
    default:
      return Metric::kOther;
  }
}

}  // namespace headroom
