#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "headroom/status.h"

namespace headroom {

// A series on a uniform grid of steps counted from the epoch, and other metrics of the same target.
struct Series {
  std::string name;
  int64_t step_ms = 0;
  std::vector<int64_t> times_ms;  // of the rows, ascending
  std::vector<double> values;
  std::vector<std::vector<float>> companions;  // at most kMostCompanions, each with a value a row, NaN where it is missing
};

struct SeriesColumns {
  std::string time = "time_ms";  // milliseconds since the epoch, or RFC 3339
  std::string value = "value";
  bool companions =
      true;  // whether further columns are read; a field that is no finite number is missing, a column of such is no companion
};

// Reads a CSV with a header. The step is the most frequent distance of two rows. kNotFound, kInvalid: with file and line, what is wrong.
Result<Series> read_series(const std::string& path, const SeriesColumns& columns);
// The files themselves, and of folders what ends with .csv in them, by name.
Result<std::vector<std::string>> series_paths(const std::vector<std::string>& files_and_folders);

}  // namespace headroom
