#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "headroom/lag.h"
#include "headroom/operator.h"
#include "headroom/sample.h"
#include "operators/consumer_context_params.h"

namespace headroom {

// A context with the key of the lag records that it goes to. The views are those of the sample and of the settings.
struct KeyedLagContext {
  std::string_view key;
  int64_t time_ms = 0;
  LagContext context;  // but for the host
  std::string host;
};

// Tells from samples how the consumers of a group do for CPU: of the instances heard of within the last five minutes the one that uses most
// of what it reserves (lying factor = reserved - used, by the latest values of each), and the host with most of its CPU in use. One that is
// short of CPU is enough to make the group lag, so it is never hidden in a mean.
//
// A context is made when a used or host value comes and the last one is `interval` old, once for each group of the target.
class ConsumerContext {
 public:
  using In = Sample;
  using Out = KeyedLagContext;

  static constexpr size_t kMostInstances = 500;

  // One container of one instance. Micro-cores and millionths; none before the first value.
  struct Instance {
    std::string container;
    std::string instance;
    std::string host;
    int64_t heard_ms = 0;  // of used or host values
    int64_t reserved_ms = 0;
    int64_t used_ms = 0;
    int64_t host_ms = 0;
    std::optional<int64_t> reserved;
    std::optional<int64_t> used;
    std::optional<int64_t> host_cpu;
    auto fields() { return std::tie(container, instance, host, heard_ms, reserved_ms, used_ms, host_ms, reserved, used, host_cpu); }
  };
  struct State {
    std::vector<Instance> instances;    // in the order in which they were first heard of
    std::optional<int64_t> context_ms;  // of the last context
    auto fields() { return std::tie(instances, context_ms); }
  };

  explicit ConsumerContext(const ConsumerContextParams& params);

  // Whether a sample tells anything of a configured target; others should not come to step().
  bool wants(const Sample& in) const;
  static StateKey key(const Sample& in) { return {in.target, {}}; }
  void step(State& state, const Sample& in, Emitter<KeyedLagContext>& emit) const;
  int64_t idle_ms() const { return 3'600'000; }
  static constexpr uint32_t kStateVersion = 1;

 private:
  bool take(State& state, const Sample& in) const;

  std::shared_ptr<const ConsumerContextParams> params_;  // targets sorted by target
};

}  // namespace headroom
