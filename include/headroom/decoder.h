#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headroom/record.h"

namespace headroom {

// What a decoder made of a batch: values in order, each with the index of its record; ticks; and the records that were bad.
template <class T>
struct Decoded {
  struct Value {
    uint32_t record;
    T value;
  };
  struct Tick {
    uint32_t record;
    uint32_t before_value;  // the tick comes before the value of this index
    int64_t time_ms;
  };
  struct Reject {
    uint32_t record;
    std::string_view reason;  // of static storage: one of the decoder's fixed reasons
    uint32_t count;           // bad values of this record with this or another reason
    std::string indexes;      // of an array: the places of its bad values, "0,3"; empty otherwise
  };
  std::vector<Value> values;
  std::vector<Tick> ticks;
  std::vector<Reject> rejects;
  // Bad values by reason, for metrics: at most a few dozen reasons.
  std::vector<std::pair<std::string_view, uint64_t>> reasons;

  void clear() {
    values.clear();
    ticks.clear();
    rejects.clear();
    reasons.clear();
  }
  void count(std::string_view reason) {
    for (auto& [name, n] : reasons)
      if (name == reason) return void(++n);
    reasons.emplace_back(reason, 1);
  }
};

// Bytes to values. Total: what is bad becomes a reject, nothing throws. One instance a task; views in the values stay valid until the next
// begin_batch().
template <class T>
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual void begin_batch() = 0;
  // Appends what the record holds. `index` is the record's index in its batch.
  virtual void decode(const Record& record, uint32_t index, Decoded<T>& out) = 0;
};

}  // namespace headroom
