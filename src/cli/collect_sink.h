#pragma once

#include <string>

#include "cli/collect_progress.h"
#include "cli/collect_series.h"
#include "cli/collect_window.h"
#include "headroom/status.h"

namespace headroom {

// Where `headroom collect` writes to: a folder of CSVs, or a topic. One thread.
class CollectSink {
 public:
  virtual ~CollectSink() = default;

  // What an earlier run has reached, or what is asked for where there was none. kInvalid: what is there is of another collection.
  virtual Result<CollectProgress> begin(const CollectProgress& asked) = 0;
  // All of a window. It is kept when this returns, and a run after this one goes on behind it. kInvalid: it cannot be told apart from
  // something else. Other codes: of the servers.
  virtual Status write(const CollectMapping& mapping, const Collected& collected, const CollectWindow& window) = 0;
  // "1200 rows in 3 files of out", for people.
  virtual std::string summary() const = 0;
};

}  // namespace headroom
