#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "cli/collect_sink.h"
#include "cli/prometheus_client.h"
#include "cli/stop_signals.h"
#include "worker/system_clock.h"

namespace headroom {

struct CollectPlan {
  CollectMapping mapping;
  CollectWindow window;  // what is asked for; its end moves on with `follow`
  int64_t batch = PrometheusClient::kMostPoints;
  bool follow = false;
  int64_t delay_ms = 0;  // how long after its time a step is asked for
};

struct CollectCounts {
  uint64_t points = 0;
  uint64_t absent = 0;
  uint64_t not_finite = 0;
  uint64_t histograms = 0;
  uint64_t unnamed = 0;
};

// Asks for what a plan says and writes it, batch by batch; then, if it follows, step by step until it is asked to end. One thread.
class CollectRun {
 public:
  // Writes the time behind a step's samples; empty where none are written.
  using Tick = std::function<Status(int64_t tick_ms, int64_t interval_ms)>;

  CollectRun(CollectPlan plan, PrometheusClient& prometheus, CollectSink& sink, StopSignals& stop);

  // From where an earlier run has come to. kAborted: asked to end. Others: why it could not go on.
  Status fill(const CollectProgress& reached);
  // Goes on at every step; returns when asked to end, or for what cannot be helped by trying again.
  Status follow(const Tick& tick);

  const CollectCounts& counts() const { return counts_; }

 private:
  Result<Collected> gather(const CollectWindow& window, bool patiently);
  Status take(const CollectWindow& rest, bool patiently);
  Status catch_up(int64_t to_ms);
  void tell(const Collected& collected);
  void count(const Collected& collected);
  void say_trouble(const Status& status);
  void show_progress() const;

  const CollectPlan plan_;
  PrometheusClient& prometheus_;
  CollectSink& sink_;
  StopSignals& stop_;
  SystemClock clock_;
  int64_t batch_;
  int64_t next_ms_ = 0;
  CollectCounts counts_;
  std::set<std::string> told_;
  bool troubled_ = false;
  bool terminal_ = false;
};

}  // namespace headroom
