#include "worker/worker_thread.h"

#include <chrono>

#include "base/backoff.h"
#include "base/hash.h"
#include "base/log.h"
#include "worker/system_clock.h"

namespace headroom {
namespace {

constexpr int64_t kSlotInUseUs = 60'000'000;
constexpr int kFencesToEnd = 2;

}  // namespace

WorkerThread::~WorkerThread() {
  request_stop(true);
  if (thread_.joinable()) thread_.join();
}

void WorkerThread::start() {
  thread_ = std::thread([this] { main(); });
}

void WorkerThread::request_stop(bool keep_slot, int64_t within_ms) {
  const std::lock_guard lock(mutex_);
  keep_slot_ = keep_slot;
  stop_within_ms_ = within_ms;
  stop_ = true;
  if (worker_ != nullptr) worker_->request_stop(keep_slot, within_ms);
  stopped_.notify_all();
}

Status WorkerThread::join() {
  if (thread_.joinable()) thread_.join();
  return result_;
}

WorkerStatus WorkerThread::status() const {
  const std::lock_guard lock(mutex_);
  return worker_ != nullptr ? worker_->status() : last_;
}

void WorkerThread::main() {
  SystemClock clock;
  Backoff backoff(200, 5000, hash_bytes(options_.run_id));
  uint64_t lives = 0;
  int fenced_young = 0;
  const std::string run_id = options_.run_id;
  while (!stop_) {
    const int64_t born = clock.steady_us();
    options_.run_id = run_id + "." + std::to_string(lives++);
    result_ = live_once();
    if (result_ || stop_) break;
    const bool young = clock.steady_us() - born < kSlotInUseUs;
    fenced_young = result_.code() == Code::kFenced && young ? fenced_young + 1 : 0;
    if (fenced_young == kFencesToEnd) {
      result_ = {Code::kFenced, "slot " + options_.slot + " is in use: " + result_.message()};
      break;
    }
    if (result_.code() != Code::kFenced && result_.code() != Code::kUnavailable && result_.code() != Code::kTimeout) break;
    log_warn("worker starts anew", {{"topology", options_.topology}, {"slot", options_.slot}, {"why", result_.message()}});
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, std::chrono::milliseconds(backoff.next_ms()), [this] { return stop_.load(); });
  }
  if (!result_) log_error("worker ended", {{"topology", options_.topology}, {"slot", options_.slot}, {"why", result_.message()}});
  ended_ = true;
}

Status WorkerThread::live_once() {
  auto ports = make_ports_();
  if (!ports) return ports.status();
  SystemClock clock;
  Worker worker(topology_, options_, *ports->source, *ports->sink, *ports->store, clock, probe_);
  {
    const std::lock_guard lock(mutex_);
    worker_ = &worker;
    if (stop_) worker.request_stop(keep_slot_, stop_within_ms_);
  }
  Status status = worker.run();
  const std::lock_guard lock(mutex_);
  last_ = worker.status();
  worker_ = nullptr;
  return status;
}

}  // namespace headroom
