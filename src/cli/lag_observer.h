#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/lag_book.h"
#include "cli/lag_times.h"
#include "config/config.h"
#include "headroom/status.h"

namespace headroom {

// What a cycle did.
struct LagCycle {
  int64_t observed_ms = 0;  // Unix
  uint64_t groups = 0;
  uint64_t partitions = 0;
  uint64_t unavailable = 0;    // partitions
  uint64_t failed_groups = 0;  // that did not answer; they have no samples in this cycle
  uint64_t denied_groups = 0;  // that we may not read
  uint64_t requests = 0;
  LagTimesSpent times;
};

// The Kafka cluster that `config` says to watch: kafka's, or another.
KafkaConfig watched_cluster(const KafkaConfig& kafka, const LagSourceConfig& config);

// Fills a book from Kafka, once a cycle. One thread.
class LagObserver {
 public:
  // kInvalid: properties that cannot be. No connection is waited for.
  static Result<std::unique_ptr<LagObserver>> make(const KafkaConfig& watched, const LagSourceConfig& config);

  // Reads groups, offsets and times, until `deadline_ms` (steady_ms()) or little later. What does not answer costs only itself: where the
  // groups cannot be listed those known are served. A failure is that none are, and leaves the book as it was.
  Result<LagCycle> observe(LagBook& book, uint64_t cycle, int64_t now_ms, int64_t deadline_ms);

 private:
  LagObserver(const LagSourceConfig& config) : config_(config) {}

  Result<GroupListing> list_groups(const LagBook& book, int64_t deadline_ms);
  void read_groups(LagBook& book, const GroupListing& listing, LagCycle& done, int64_t deadline_ms);
  void take_commits(LagBook& book, const std::vector<std::string>& names, std::vector<GroupCommits> commits, LagCycle& done);
  void take_members(LagBook& book, const GroupListing& listing, const std::vector<std::string>& names,
                    const std::vector<DescribedGroup>& described);
  void name_once(const std::string& group, const Status& why);
  void read_leaders(const LagBook& book, int64_t deadline_ms, bool now);
  void read_bounds(LagBook& book, uint64_t cycle, LagCycle& done, int64_t deadline_ms);
  void read_retention(LagBook& book, int64_t deadline_ms);

  const LagSourceConfig& config_;
  std::unique_ptr<LagGroups> groups_;
  std::unique_ptr<LagOffsets> high_;
  std::unique_ptr<LagOffsets> stable_;
  std::unique_ptr<LagRecords> records_;
  TopicLeaders leaders_;
  int64_t leaders_read_ms_ = INT64_MIN / 2;
  std::map<std::string, int64_t> retention_asked_ms_;
  std::set<std::string> named_;
  bool listing_failed_ = false;  // the last time
};

}  // namespace headroom
