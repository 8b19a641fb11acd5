#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/config.h"
#include "engine/offset_metadata.h"
#include "engine/outbox.h"
#include "kafka/topic_reader.h"

namespace headroom {

// What can be wrong with what a lane wrote.
enum class Fault : uint8_t {
  kNameless,        // a record of our topics without lane, sequence or place of its input
  kMissing,         // a sequence that is not there
  kDoubled,         // a sequence with other bytes, or any repeat where delivery is exactly once
  kOutOfOrder,      // within a partition a sequence behind a larger one
  kOffsetBack,      // the input offset of a later sequence lies before that of an earlier one
  kHeaderMismatch,  // the value's own lane or sequence is another than the headers'
  kSameId,          // an id that another sequence has, too
  kLost,            // committed, and not in the topic
  kHashDiffers,     // the running hash committed is not that of the records
  kOracleDiffers,   // the input gives other bytes
  kOracleMissing,   // the input gives this record, the topic does not hold it
  kOracleExtra,     // the topic holds what the input does not give
};
std::string_view fault_name(Fault fault);
inline constexpr size_t kFaults = 12;

struct AuditFinding {
  Fault fault = Fault::kNameless;
  std::string topic;
  std::string lane;
  uint64_t sequence = 0;
  std::string detail;
};

// One lane in one topic.
struct AuditRow {
  std::string topic;
  std::string lane;
  uint64_t records = 0;  // different sequences
  uint64_t first = 0;    // the smallest and largest sequence; 0: none
  uint64_t last = 0;
  uint64_t committed = 0;  // last sequence of the committed offset's metadata
  uint64_t repeated = 0;   // identical copies; no fault in at_least_once
  uint64_t expired = 0;    // not there, as the topic's log no longer reaches back so far
  bool hash_checked = false;
  uint64_t faults[kFaults] = {};

  uint64_t violations() const;
};

struct AuditReport {
  std::vector<AuditRow> rows;          // by lane and topic
  std::vector<AuditFinding> findings;  // the first of each row and fault
  uint64_t records = 0;
  uint64_t violations = 0;

  bool clean() const { return violations == 0; }
};

// Proves from the records of output topics alone that nothing was lost, doubled or torn. Order of use: expect_topic() of every topic,
// expect_commit() of every lane, take() of every record, expect_output() of every record that an oracle gives, finish(). Keeps some 50
// bytes a record. One thread.
class Audit {
 public:
  explicit Audit(Delivery delivery) : delivery_(delivery) {}

  // `truncated`: its partitions whose log does not reach back to its first record any more.
  void expect_topic(const std::string& topic, std::span<const Partition> truncated);
  // What the group had committed of a lane before the topics were read.
  void expect_commit(const std::string& lane, const OffsetMetadata& metadata);
  // A record of an output topic; in order within a partition.
  void take(const TopicRecord& record);
  // What an independent run over the lane's input gives.
  void expect_output(const OutRecord& record);
  // The oracle has come to the lane's committed offset: what it did not give, up to the committed sequences, is extra.
  void end_outputs(const std::string& lane);
  // The only incarnation that the lane's records have; 0 when they have several, or there are none.
  uint64_t incarnation_of(const std::string& lane) const;
  // Whether any record of the lane was taken.
  bool holds(const std::string& lane) const;

  AuditReport finish();

 private:
  struct Entry {
    uint64_t sequence = 0;
    uint64_t content = 0;  // hash of the record's bytes and place
    Offset input_offset = 0;
    uint32_t incarnation = 0;
    bool given = false;  // by the oracle
  };
  struct Waiting {
    std::string key;
    std::string value;
    std::vector<std::pair<std::string, std::string>> headers;
    size_t bytes = 0;
  };
  struct Lane {
    AuditRow row;
    std::vector<Entry> entries;              // as they came; ascending by sequence once sorted
    std::map<Partition, uint64_t> first_in;  // the smallest and largest sequence that a partition holds
    std::map<Partition, uint64_t> last_in;
    // The running hash needs the records by sequence; those that come early wait for their turn.
    uint64_t hash = 0;
    uint64_t hashed = 0;  // up to this sequence
    bool hash_given_up = false;
    std::map<uint64_t, Waiting> waiting;
  };
  using Key = std::pair<std::string, std::string>;  // lane, topic

  Lane& lane(std::string_view name, std::string_view topic);
  const OutputProgress* committed(const Lane& lane) const;
  void report(Lane& lane, Fault fault, uint64_t sequence, std::string detail);
  void take_event(Lane& lane, const TopicRecord& record, uint64_t sequence);
  void take_order(Lane& lane, const TopicRecord& record, uint64_t sequence);
  void take_hash(Lane& lane, const TopicRecord& record, uint64_t sequence);
  void sort_all();
  void fold_copies(Lane& lane);
  void check_sequences(Lane& lane);
  void check_commit(Lane& lane);

  Delivery delivery_;
  std::map<Key, Lane> lanes_;
  std::map<std::string, std::vector<Partition>, std::less<>> truncated_;  // by topic
  std::map<std::string, OffsetMetadata> commits_;                         // by lane
  std::unordered_map<uint64_t, uint64_t> ids_;                            // hash of an id -> its sequence
  std::vector<AuditFinding> findings_;
  size_t waiting_bytes_ = 0;  // of all lanes
  bool sorted_ = false;
};

}  // namespace headroom
