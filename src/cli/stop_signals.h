#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace headroom {

// SIGTERM and SIGINT as a wish to end, for a command that waits for servers. Made before any other thread, since it blocks the signals for
// those that come after it. Any thread.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  bool stopped() const;
  // Waits; false at once when asked to end.
  bool wait_for(int64_t duration_ms) const;
  // Called once, in a thread of its own, when the wish comes, or at once when it has come. It goes with this object: what it refers to must
  // outlive it, or forget_wish() be called.
  void on_wish(std::function<void()> tell);
  void forget_wish();

 private:
  void watch();

  mutable std::mutex mutex_;
  mutable std::condition_variable wished_;
  bool stopped_ = false;
  bool ending_ = false;
  std::function<void()> tell_;
  std::thread thread_;
};

}  // namespace headroom
