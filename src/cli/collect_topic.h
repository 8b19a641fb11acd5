#pragma once

#include <cstdint>
#include <string>

#include "cli/collect_sink.h"
#include "cli/sample_topic.h"

namespace headroom {

struct CollectTopicOptions {
  SampleTopicOptions topic;
  std::string progress;  // the file; empty: an interrupted run begins anew
  bool restart = false;  // pass over what the file says
  std::string source;    // in the ticks
};

// A topic of samples, key = target. Within a window they are written in the order of their times, over all series. What a killed run has
// written of a window is written again. One thread.
class CollectTopic : public CollectSink {
 public:
  explicit CollectTopic(const CollectTopicOptions& options) : options_(options), topic_(options.topic) {}

  Result<CollectProgress> begin(const CollectProgress& asked) override;
  Status write(const CollectMapping& mapping, const Collected& collected, const CollectWindow& window) override;
  std::string summary() const override;

  // To every partition, behind all samples so far. `interval_ms`: when the next one comes.
  Status tick(int64_t tick_ms, int64_t interval_ms);

 private:
  // After a failure the client begins anew.
  Status ready();
  Status settle(const Status& status);

  const CollectTopicOptions options_;
  SampleTopic topic_;
  bool open_ = false;
  CollectProgress progress_;
  uint64_t samples_ = 0;
  uint64_t ticks_ = 0;
};

}  // namespace headroom
