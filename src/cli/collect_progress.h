#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cli/asked_for.h"
#include "headroom/status.h"

namespace headroom {

// How far a collection has come, as a small JSON file that survives a kill at any moment: a run that finds it goes on from there.
struct CollectProgress {
  // What is collected, by the name of the option: a run with another of these is another collection.
  AskedFor what;
  int64_t from_ms = 0;                    // the first step
  int64_t next_ms = 0;                    // the first step that is not wholly written
  std::map<std::string, uint64_t> files;  // bytes of each CSV that are; what stands behind them is of a step that is not
};

// none: there is no such file. kCorrupt: it is not of this kind. kInvalid: it cannot be read.
Result<std::optional<CollectProgress>> load_progress(const std::string& path);

// In place of what is there, on the disk when it returns. kInvalid: it cannot be written.
Status save_progress(const std::string& path, const CollectProgress& progress);

}  // namespace headroom
