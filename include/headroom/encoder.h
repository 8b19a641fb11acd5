#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headroom/record.h"

namespace headroom {

// Where a record stands when it is encoded.
struct Envelope {
  std::string_view source;  // "/headroom/<installation>"
  std::string_view lane;    // "topology/partition"
  uint64_t incarnation = 1;
  uint64_t sequence = 0;
  Offset input_offset = 0;
};

// What an encoder fills.
struct Encoded {
  std::string key;
  std::string value;
  std::vector<std::pair<std::string, std::string>> headers;
};

template <class T>
using Encode = void (*)(const T& value, const Envelope& envelope, Encoded& out);

}  // namespace headroom
