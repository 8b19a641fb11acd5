#include "recorded_load.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace headroom {
namespace {

int64_t time_of(const std::string& text) {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second) != 6)
    return std::strtoll(text.c_str(), nullptr, 10);
  using namespace std::chrono;
  const sys_days date = std::chrono::year(year) / month / day;
  return duration_cast<milliseconds>(date.time_since_epoch() + hours(hour) + minutes(minute) + seconds(second)).count();
}

}  // namespace

std::optional<LoadCurve> read_recorded_load(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  LoadCurve load;
  while (std::getline(file, line)) {
    const size_t comma = line.find(',');
    if (comma == std::string::npos) continue;
    const int64_t time_ms = time_of(line.substr(0, comma));
    if (load.values.empty()) load.start_ms = time_ms;
    if (load.values.size() == 1) load.step_ms = time_ms - load.start_ms;
    if (load.step_ms <= 0) return std::nullopt;
    while (load.values.size() > 1 && load.end_ms() + load.step_ms < time_ms) load.values.push_back(load.values.back());
    load.values.push_back(std::strtod(line.c_str() + comma + 1, nullptr));
  }
  if (load.values.size() < 2) return std::nullopt;
  return load;
}

}  // namespace headroom
