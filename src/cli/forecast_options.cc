#include "cli/forecast_options.h"

#include <CLI/CLI.hpp>
#include <set>

#include "base/concat.h"
#include "base/content_hash.h"
#include "cli/csv_reader.h"
#include "forecast/forecaster.h"

namespace headroom {

void add_series_options(CLI::App& app, SeriesOptions& options, bool required) {
  app.add_option("--series", options.paths, "CSV files, or folders of them")->required(required)->type_name("DIR|FILE");
  app.add_option("--horizons", options.horizons, "three, in steps")->delimiter(',');
  app.add_option("--time-column", options.columns.time, "time_ms unless given");
  app.add_option("--value-column", options.columns.value, "value unless given");
}

Result<std::array<int, kForecastHorizons>> read_horizons(const std::vector<int>& horizons) {
  if (horizons.size() != kForecastHorizons) return Status(Code::kInvalid, "--horizons: three of them, such as 1,5,15");
  std::array<int, kForecastHorizons> out{};
  int before = 0, sum = 0;
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    if (horizons[h] <= before || horizons[h] > kMostHorizon) return Status(Code::kInvalid, "--horizons: ascending steps from 1 to 15");
    before = out[h] = horizons[h];
    sum += horizons[h];
  }
  if (sum > static_cast<int>(kMostPending)) return Status(Code::kInvalid, "--horizons: their sum may be at most 21 steps");
  return out;
}

Result<std::vector<SeriesOfFile>> read_all_series(const SeriesOptions& options) {
  const auto paths = series_paths(options.paths);
  if (!paths) return paths.status();
  std::vector<SeriesOfFile> out;
  std::set<std::string> names;
  for (const auto& path : *paths) {
    auto series = read_series(path, options.columns);
    if (!series) return series.status();
    if (!names.insert(series->name).second) return Status(Code::kInvalid, concat("two series are named ", series->name));
    out.push_back({path, std::move(*series)});
  }
  return out;
}

Result<std::string> hash_file(const std::string& path) {
  const auto read = open_bytes(path);
  if (!read) return read.status();
  ContentHash hash;
  char buffer[1 << 15];
  for (;;) {
    const auto got = (*read)(buffer, sizeof buffer);
    if (!got) return got.status();
    if (*got == 0) return hash.text();
    hash.add({buffer, *got});
  }
}

}  // namespace headroom
