#pragma once

#include <cstdint>
#include <string_view>

#include "codec/json_writer.h"
#include "headroom/encoder.h"

namespace headroom::codec {

// What our CloudEvents have in common: everything before `data`.
struct EventHead {
  std::string_view type;
  std::string_view subject;
  std::string_view partitionkey;  // the Kafka key
  int64_t time_ms = 0;
  int64_t expiry_ms = 0;  // 0: it does not expire
  // What tells events of one type, subject and time apart.
  std::string_view resource;
  std::string_view apart;  // may be empty
};

// Clears `out`, sets its key and headers (type and subject, to filter by without parsing) and writes the members from `specversion` to
// `datacontenttype` into `json`, which writes to out.value and has `{` open afterwards. `id` is the XXH3 of source, lane, incarnation,
// type, subject, resource, time and, unless it is empty, `apart`, in 16 hex digits.
void write_event_head(const EventHead& head, const Envelope& envelope, Encoded& out, JsonWriter& json);

// "target":{"cluster":...,"namespace":...,"kind":...,"name":...,"container":...}; a target with fewer parts stands whole in `name`, an
// empty container is left out.
void write_target(std::string_view target, std::string_view container, JsonWriter& json);

}  // namespace headroom::codec
