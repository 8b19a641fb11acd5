#pragma once

#include <array>
#include <string>
#include <vector>

#include "cli/series_file.h"
#include "forecast/lstm.h"
#include "headroom/status.h"

namespace CLI {
class App;
}  // namespace CLI

// What the commands around forecasts have in common.
namespace headroom {

struct SeriesOptions {
  std::vector<std::string> paths;  // files, and folders of them
  SeriesColumns columns;
  std::vector<int> horizons = {1, 5, 15};
};

// --series, --horizons, --time-column and --value-column.
void add_series_options(CLI::App& app, SeriesOptions& options, bool required);

// kInvalid: not three ascending steps whose sum a state has place for.
Result<std::array<int, kForecastHorizons>> read_horizons(const std::vector<int>& horizons);

// A series and where it was read.
struct SeriesOfFile {
  std::string path;
  Series series;
};
// kNotFound, kInvalid: with file and line; two of one name too.
Result<std::vector<SeriesOfFile>> read_all_series(const SeriesOptions& options);

// XXH3-128 of a file's bytes, 32 hexadecimal digits.
Result<std::string> hash_file(const std::string& path);

}  // namespace headroom
