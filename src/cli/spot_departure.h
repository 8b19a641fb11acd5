#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.h"
#include "headroom/status.h"
#include "http/metrics.h"
#include "spot/notice.h"
#include "spot/spot_watcher.h"

namespace headroom {

// Where a process stands with the machine it runs on.
struct SpotView {
  SpotProvider provider = SpotProvider::kOff;  // that answered, or is set
  bool watching = false;                       // its metadata service answers
  std::optional<Notice> notice;                // the one that the process leaves for
  bool left = false;
  int64_t drained_until_ms = 0;  // Unix; then the process ends
};

// What spot notices mean for a process: counts and logs them, calls `wake` from the watcher's thread when there is one to leave for or it
// was withdrawn, and remembers it all for /readyz and the status. Any thread.
class SpotDeparture : private SpotListener {
 public:
  // `in_pod`: the process runs under Kubernetes.
  SpotDeparture(const SpotConfig& config, bool in_pod, WorkerMetrics& metrics, std::function<void()> wake);
  ~SpotDeparture() override;

  // Begins to watch, and gives a notice that stands already a moment to be seen. Nothing to do when the provider is off or kubernetes.
  Status start();
  void stop();

  SpotView view() const;
  bool due() const;
  // Time for the process to end: the notice was withdrawn, or its time is long past.
  bool over(int64_t now_ms) const;
  // How long the workers may take to leave, by the notice.
  int64_t left_ms(int64_t now_ms) const;

  // SIGTERM came: a notice by itself where Kubernetes runs the process.
  void note_sigterm();
  // All workers have left.
  void note_left(int64_t now_ms);

 private:
  void on_watch(SpotProvider provider, bool up) override;
  void on_notice(const Notice& notice) override;
  void on_due(const Notice& notice) override;
  void on_withdrawn() override;

  const SpotConfig config_;
  const bool sigterm_is_notice_;
  WorkerMetrics& metrics_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  SpotView view_;
  int64_t due_since_us_ = 0;
  bool withdrawn_ = false;
  std::unique_ptr<SpotWatcher> watcher_;  // ends first
};

}  // namespace headroom
