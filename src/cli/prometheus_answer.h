#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/status.h"

// What Prometheus' HTTP API answers to a range query. Pure; any thread.
namespace headroom {

struct PrometheusPoint {
  int64_t time_ms = 0;
  double value = 0;  // finite
};

struct PrometheusSeries {
  std::map<std::string, std::string> labels;
  std::vector<PrometheusPoint> points;  // in order of time
};

struct PrometheusAnswer {
  std::vector<PrometheusSeries> series;
  uint64_t not_finite = 0;  // points that were NaN or infinite, and are left out
  uint64_t histograms = 0;  // points that were native histograms, and are left out
  std::vector<std::string> warnings;
};

// kCorrupt: not the answer of a range query.
Result<PrometheusAnswer> read_prometheus_answer(std::string_view body);

// What an answer of another status says is wrong: "bad_data: parse error: ..."; empty when it says nothing.
std::string read_prometheus_error(std::string_view body);

}  // namespace headroom
