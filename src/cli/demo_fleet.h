#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/codec.h"

// A made-up fleet for the demo. A function of its seed, of the time that it is told and of the commands that it heeds.
namespace headroom::demo {

enum class Temper : uint8_t { kOverReserved, kUnderReserved, kLeaking, kWaves, kWellSized };
std::string_view temper_name(Temper temper);

struct Container {
  std::string target;  // cluster/namespace/kind/name
  std::string name;    // the last part of target
  std::string labels;  // of its one instance, as they stand in its samples
  Temper temper = Temper::kWellSized;
  int64_t cpu_reserved_micro = 0;
  int64_t memory_reserved_bytes = 0;
  int64_t cpu_used_micro = 0;  // of the last sample
  int64_t memory_used_bytes = 0;
  double cpu_mean_micro = 0;  // over about an hour
  double memory_mean_bytes = 0;
  uint64_t oom_kills = 0;
  uint64_t heeded = 0;       // commands that changed its reservations
  std::string last_command;  // "cpu 4.0 -> 2.0"

  double cpu_lying_micro() const { return static_cast<double>(cpu_reserved_micro) - cpu_mean_micro; }

 private:
  friend class Fleet;
  double cpu_usual_micro_ = 0;  // what its usual load takes
  double memory_usual_bytes_ = 0;
  double cpu_need_micro_ = 0;  // what its load of now takes on average
  double memory_need_bytes_ = 0;
  double leaked_bytes_ = 0;
  int64_t next_ms_ = 0;
  int64_t reported_ms_ = 0;  // reservations; 0: to be reported with the next samples
};

struct FleetTotals {
  double cpu_reserved_cores = 0;
  double cpu_used_cores = 0;
  double memory_reserved_bytes = 0;
  double memory_used_bytes = 0;
};

// Containers that reserve too much, too little or about right, leak memory or breathe with the day; each changes its load every few hours,
// and each is sampled once a minute of event time.
class Fleet {
 public:
  Fleet(int containers, uint64_t seed, int64_t start_ms);

  using Emit = std::function<void(std::string_view key, std::string_view value)>;
  // Lives up to `time_ms`; gives each record in order of time. A record is an array of one container's samples; one in about 400 is broken.
  void live_until(int64_t time_ms, const Emit& emit);

  // Takes the desired value of a resize command as the container's reservation, from its next sample on. False: no such container.
  bool heed(const ActionSummary& command);

  const std::vector<Container>& containers() const { return containers_; }
  FleetTotals totals() const;
  int64_t time_ms() const { return time_ms_; }
  uint64_t broken_records() const { return broken_; }
  uint64_t samples() const { return samples_; }

 private:
  Container make_container(int number);
  void sample(Container& container, const Emit& emit);
  void use(Container& container);
  void leak(Container& container);
  void change_load(Container& container);
  std::string record_of(Container& container);
  std::string broken_record(const std::string& record);
  uint64_t random();
  double between(double least, double most);

  uint64_t random_;
  std::vector<Container> containers_;
  int64_t time_ms_;
  uint64_t records_ = 0;
  uint64_t broken_ = 0;
  uint64_t samples_ = 0;
};

}  // namespace headroom::demo
