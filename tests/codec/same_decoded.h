#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "headroom/decoder.h"
#include "headroom/sample.h"

namespace headroom::testing {

inline bool same_sample(const Sample& a, const Sample& b) {
  return a.target == b.target && a.metric_name == b.metric_name && a.container == b.container && a.instance == b.instance &&
         a.host == b.host && a.environment == b.environment && a.instance_type == b.instance_type && a.zone == b.zone &&
         a.time_ms == b.time_ms && std::bit_cast<uint64_t>(a.value) == std::bit_cast<uint64_t>(b.value) && a.metric == b.metric;
}

inline bool same_decoded(const Decoded<Sample>& a, const Decoded<Sample>& b) {
  const auto same_values = [](const auto& x, const auto& y) { return x.record == y.record && same_sample(x.value, y.value); };
  const auto same_ticks = [](const auto& x, const auto& y) {
    return x.record == y.record && x.before_value == y.before_value && x.time_ms == y.time_ms;
  };
  const auto same_rejects = [](const auto& x, const auto& y) {
    return x.record == y.record && x.reason == y.reason && x.count == y.count && x.indexes == y.indexes;
  };
  return std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), same_values) &&
         std::equal(a.ticks.begin(), a.ticks.end(), b.ticks.begin(), b.ticks.end(), same_ticks) &&
         std::equal(a.rejects.begin(), a.rejects.end(), b.rejects.begin(), b.rejects.end(), same_rejects) && a.reasons == b.reasons;
}

}  // namespace headroom::testing
