#include "cli/stop_signals.h"

#include <signal.h>

#include <chrono>
#include <ctime>
#include <utility>

namespace headroom {
namespace {

sigset_t wishes() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = wishes();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this] { watch(); });
}

StopSignals::~StopSignals() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  thread_.join();
}

void StopSignals::watch() {
  const sigset_t set = wishes();
  const timespec look = {0, 100'000'000};
  for (;;) {
    const bool came = sigtimedwait(&set, nullptr, &look) > 0;
    const std::lock_guard lock(mutex_);
    if (ending_) return;
    if (!came || stopped_) continue;
    stopped_ = true;
    wished_.notify_all();
    if (tell_) tell_();
  }
}

bool StopSignals::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

bool StopSignals::wait_for(int64_t duration_ms) const {
  std::unique_lock lock(mutex_);
  return !wished_.wait_for(lock, std::chrono::milliseconds(duration_ms), [this] { return stopped_; });
}

void StopSignals::on_wish(std::function<void()> tell) {
  const std::lock_guard lock(mutex_);
  tell_ = std::move(tell);
  if (stopped_) tell_();
}

void StopSignals::forget_wish() {
  const std::lock_guard lock(mutex_);
  tell_ = nullptr;
}

}  // namespace headroom
