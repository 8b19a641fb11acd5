#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "headroom/status.h"

namespace headroom {

// Writes records to one topic with an idempotent producer: for `feed`, the demo's fleet and tests. One thread.
class SampleProducer {
 public:
  // kInvalid: wrong properties. No connection is waited for.
  static Result<std::unique_ptr<SampleProducer>> open(const KafkaConfig& config, const std::string& topic);
  ~SampleProducer();

  // Copies both; waits while the client's queue is full. `timestamp_ms` -1: now. `partition` -1: by the key.
  // An empty key is none. Errors of delivery come back with a later call or flush().
  Status produce(std::string_view key, std::string_view value, int64_t timestamp_ms = -1, int partition = -1);
  // Waits until everything is acknowledged. kTimeout: something is not.
  Status flush(int timeout_ms);
  // Acknowledged so far.
  uint64_t delivered() const;

 private:
  struct Parts;
  explicit SampleProducer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace headroom
