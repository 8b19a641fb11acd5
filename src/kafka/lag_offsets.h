#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "config/config.h"
#include "headroom/record.h"
#include "headroom/status.h"
#include "kafka/client.h"

namespace headroom {

// Where a partition's log begins, ends, or first bears a time. The topic's name outlives the question.
struct OffsetQuestion {
  static constexpr int64_t kStart = -2;
  static constexpr int64_t kEnd = -1;

  const std::string* topic = nullptr;
  Partition partition = 0;
  int32_t leader = -1;     // the broker that is asked; questions to one broker go together
  int64_t time_ms = kEnd;  // or a time: the first record stamped so or later
  // The answer, when `code` is kOk. None: no such record.
  Code code = Code::kUnavailable;
  Offset offset = -1;

  bool none() const { return offset < 0; }
};

// Asks brokers for offsets, many partitions at a time. One thread; calls of different objects may overlap.
class LagOffsets {
 public:
  enum class End { kHigh, kStable };  // what kEnd means: the high watermark, or where the oldest open transaction begins

  static Result<std::unique_ptr<LagOffsets>> make(const KafkaConfig& config, End end);

  // Answers all, in requests of at most 500 partitions, no partition twice in one of them: librdkafka 2.0.2 would give both the last time's
  // answer. What fails fails alone or with others of its leader, by its code. Returns by `deadline_ms` (steady_ms()) or little later.
  void ask(std::span<OffsetQuestion> questions, int64_t deadline_ms);

  uint64_t requests() const { return requests_; }

 private:
  explicit LagOffsets(ClientHandle client) : client_(std::move(client)) {}
  void ask_batch(std::span<OffsetQuestion* const> batch, int64_t deadline_ms);

  ClientHandle client_;
  std::atomic<uint64_t> requests_{0};
};

}  // namespace headroom
