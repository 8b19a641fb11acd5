#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "config/config.h"
#include "headroom/record.h"
#include "headroom/status.h"
#include "kafka/client.h"

namespace headroom {

struct SeenRecord {
  Offset offset = 0;
  int64_t time_ms = 0;
};

// What stands around a place in a partition. The topic's name outlives the question.
struct RecordQuestion {
  const std::string* topic = nullptr;
  Partition partition = 0;
  Offset from = 0;      // where reading begins
  Offset mark = 0;      // the place
  bool to_end = false;  // read on behind the mark until the log ends (or some 100 records)
  // The answer, when `code` is kOk.
  Code code = Code::kTimeout;
  std::optional<SeenRecord> before;  // the last data record in [from, mark)
  std::optional<SeenRecord> after;   // the first at or after the mark
  std::optional<SeenRecord> last;    // the last one of all that were read
  std::optional<Offset> end;         // the last stable offset, where it was reached
};

// Reads single records for their stamps, of many partitions at once, committed ones only. One thread.
class LagRecords {
 public:
  static constexpr size_t kMostPartitions = 256;

  static Result<std::unique_ptr<LagRecords>> make(const KafkaConfig& config);

  // At most kMostPartitions questions, each of another partition. A partition that does not answer by `deadline_ms` (steady_ms()) keeps
  // kTimeout; kNotFound: `from` is outside of the log.
  Status read(std::span<RecordQuestion> questions, int64_t deadline_ms);

 private:
  explicit LagRecords(ClientHandle client) : client_(std::move(client)) {}

  ClientHandle client_;
};

}  // namespace headroom
