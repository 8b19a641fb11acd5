#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/outbox.h"
#include "engine/task.h"
#include "headroom/topology.h"
#include "operators/predictive_scaling_params.h"
#include "policy/service_model.h"

namespace headroom {

// What the topology wrote.
struct CommandCounts {
  int64_t all = 0;
  std::map<std::string, int64_t> by_reason;    // the codes: hold_missing_data, ...
  std::map<std::string, int64_t> by_forecast;  // what became of the forecast: used, or why not
};

// Predictive scaling of one service of a model, as a worker runs it: what the service shows goes as records through the topology's task,
// and commands come out as they are written to Kafka. One thread.
class ServiceFeed {
 public:
  // `params` with one rule, which fits any target. `known` says whether what was measured at a time reaches anyone.
  ServiceFeed(const PredictiveScalingParams& params, std::function<bool(int64_t time_ms)> known);

  // Feeds the samples of view.measured_ms, if they are new, and a tick of view.time_ms. The number that commands to apply which have not
  // expired ask for; view.desired without any.
  int64_t decide(const ServiceView& view);

  const CommandCounts& commands() const { return commands_; }
  // kInvalid: a record was rejected, or a command cannot be read.
  Status status() const;

 private:
  void add_sample(const std::string& metric, int64_t time_ms, double value);
  void add_samples(const ServiceView& view);
  void add_tick(int64_t time_ms);
  std::string& next_text();
  int64_t obey(const ServiceView& view);

  PredictiveRule rule_;
  std::string action_topic_;
  bool counter_;
  std::function<bool(int64_t)> known_;
  std::unique_ptr<Task> task_;
  Outbox outbox_;
  std::array<std::string, 4> texts_;
  size_t count_ = 0;
  Offset position_ = 0;
  int64_t measured_ms_ = -1;
  double counted_ = 0;  // of a load that is a counter
  CommandCounts commands_;
  Status failed_;
};

}  // namespace headroom
