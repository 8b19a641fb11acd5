#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "worker/worker.h"

namespace headroom {

// What one worker talks to. The sink may refer to the source: it is destroyed first.
struct WorkerPorts {
  std::unique_ptr<Source> source;
  std::unique_ptr<Sink> sink;
  std::unique_ptr<CheckpointStore> store;
};

// A worker on a thread of its own, made anew when it was fenced: a machine that was frozen and woke, or brokers that were away for longer
// than sessions and transactions last. Fenced within a minute of its start twice running, the slot is in use by somebody else: that is
// final.
class WorkerThread {
 public:
  using MakePorts = std::function<Result<WorkerPorts>()>;

  WorkerThread(const Topology& topology, WorkerOptions options, MakePorts make_ports, WorkerProbe& probe)
      : topology_(topology), options_(std::move(options)), make_ports_(std::move(make_ports)), probe_(probe) {}
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  void start();
  // As Worker::request_stop. Any thread.
  void request_stop(bool keep_slot, int64_t within_ms = INT64_MAX);
  // Waits for the thread. Ok after a stop; otherwise the final fault.
  Status join();
  // Whether the thread has come to its end by itself or by request.
  bool ended() const { return ended_; }
  WorkerStatus status() const;
  const WorkerOptions& options() const { return options_; }

 private:
  void main();
  Status live_once();

  const Topology& topology_;
  WorkerOptions options_;
  MakePorts make_ports_;
  WorkerProbe& probe_;
  std::thread thread_;
  std::atomic<bool> ended_{false};
  std::atomic<bool> stop_{false};
  std::atomic<bool> keep_slot_{false};
  std::atomic<int64_t> stop_within_ms_{INT64_MAX};
  Status result_;
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  Worker* worker_ = nullptr;
  WorkerStatus last_;
};

}  // namespace headroom
