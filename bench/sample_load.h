#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// The records that the end-to-end benches work on: what a fleet's cpu and memory look like when every container is scraped each 15 s.
namespace headroom::bench {

struct LoadShape {
  int containers = 20'000;
  int partitions = 2;
  int samples_a_record = 1;  // above 1: arrays of so many samples of one partition, without a key
  int64_t start_ms = 0;      // event time of the first scrape
  double lying = 0.2;        // share of containers that reserve far more than they use
};

inline constexpr int64_t kScrapeMs = 15'000;
inline constexpr size_t kSampleBytes = 154;  // of every sample, in JSON
inline constexpr int kMetrics = 4;           // cpu and memory, reserved and used

struct LoadRecord {
  int partition = 0;
  std::string_view key;
  std::string_view value;
};

// Gives record after record, for ever; each container's are all in one partition and in order of time. The views hold until the next call.
// The same for a shape. One thread.
class SampleLoad {
 public:
  explicit SampleLoad(const LoadShape& shape);
  LoadRecord next();

 private:
  // All samples of a metric are alike but for a few digits, always in the same places.
  struct Template {
    std::string json;
    size_t target_at = 0;  // of the target's name: the key
    size_t target_size = 0;
    size_t space_at = 0;     // two digits
    size_t apps_at[2] = {};  // six, hexadecimal, in the target and in the instance
    size_t time_at = 0;      // 13 digits
    size_t value_at = 0;     // where the value's digits vary
    size_t value_digits = 0;
  };
  static Template make_template(int metric, bool lies);
  const Template& sample();
  void advance();

  LoadShape shape_;
  Template templates_[kMetrics][2];  // well sized, lying
  int64_t time_ms_;
  int container_ = 0;
  int metric_ = 0;
  uint64_t random_ = 0x9e3779b97f4a7c15;
  std::string array_;
};

}  // namespace headroom::bench
