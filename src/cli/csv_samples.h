#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headroom/status.h"

// From the rows of any CSV to samples, by what stands in which column. Pure; any thread.
namespace headroom {

enum class TimeUnit { kAuto, kSeconds, kMilliseconds, kMicroseconds, kNanoseconds, kRfc3339 };

// As the options of `headroom feed` have it. Templates are texts with {column} in them; {{ is a brace.
struct CsvMapping {
  std::string time_column = "time";
  TimeUnit time_unit = TimeUnit::kAuto;
  int64_t time_offset_ms = 0;  // added to every time
  std::string target;
  std::vector<std::pair<std::string, std::string>>
      labels;                        // name (container, instance, host, ...) and template; what comes out empty is left out
  std::vector<std::string> metrics;  // "metric=column" or "metric=column*scale"
};

// One sample as it goes into the samples topic.
struct CsvSample {
  std::string target;
  int64_t time_ms = 0;
  std::string json;
};

// What a row gave: its samples, all of one time, and what was wrong with the rest of it.
struct CsvSamples {
  std::vector<CsvSample> samples;
  std::vector<std::string> faults;
  uint64_t empty_cells = 0;  // of mapped columns: no value, and no fault
};

class CsvMapper {
 public:
  // kInvalid: the mapping does not fit the header, with the nearest column's name. `file` is what {file} stands for.
  static Result<CsvMapper> make(const CsvMapping& mapping, const std::vector<std::string>& header, std::string_view file);

  CsvSamples map(const std::vector<std::string>& fields) const;

 private:
  struct Part {
    std::string text;
    std::optional<size_t> column;  // its field comes behind the text
  };
  using Template = std::vector<Part>;
  struct Value {
    std::string metric;  // JSON, quoted
    size_t column = 0;
    double scale = 1;
  };

  static Result<size_t> column_of(std::string_view name, const std::vector<std::string>& header);
  static Result<Template> parse_template(std::string_view text, const std::vector<std::string>& header, std::string_view file);
  static Result<Value> parse_metric(std::string_view text, const std::vector<std::string>& header);
  static std::string fill(const Template& parts, const std::vector<std::string>& fields);
  Result<int64_t> time_of(std::string_view text) const;
  std::string json_end(const std::vector<std::string>& fields) const;

  size_t columns_ = 0;
  size_t time_column_ = 0;
  TimeUnit time_unit_ = TimeUnit::kAuto;
  int64_t time_offset_ms_ = 0;
  Template target_;
  std::vector<std::pair<std::string, Template>> labels_;
  std::vector<Value> values_;
  std::vector<std::string> header_;
};

}  // namespace headroom
