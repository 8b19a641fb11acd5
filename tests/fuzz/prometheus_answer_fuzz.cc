// Any bytes as what Prometheus answers: series of finite values in order of time or a reason, nothing else.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "cli/prometheus_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  HEADROOM_CHECK(headroom::read_prometheus_error(body).size() <= 2 + 3 * size);
  const auto answer = headroom::read_prometheus_answer(body);
  if (!answer) {
    HEADROOM_CHECK(answer.status().code() == headroom::Code::kCorrupt && !answer.status().message().empty());
    return 0;
  }
  uint64_t points = answer->not_finite + answer->histograms;
  for (const auto& series : answer->series) {
    for (size_t i = 0; i < series.points.size(); ++i) {
      HEADROOM_CHECK(std::isfinite(series.points[i].value));
      HEADROOM_CHECK(i == 0 || series.points[i - 1].time_ms < series.points[i].time_ms);
    }
    points += series.points.size();
  }
  HEADROOM_CHECK(points <= size);  // none that does not stand there
  return 0;
}
