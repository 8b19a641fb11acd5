#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/ports.h"
#include "headroom/status.h"
#include "redis/reply.h"

namespace headroom {

// A lane's keys. The lane's name stands in braces, so that they all live in one cluster slot.
struct LaneKeys {
  explicit LaneKeys(const std::string& lane)
      : manifest("headroom:{" + lane + "}:m"),
        staged("headroom:{" + lane + "}:s"),
        replaced("headroom:{" + lane + "}:g"),
        page_prefix("headroom:{" + lane + "}:p:"),
        mark("headroom:{" + lane + "}:mark"),
        skips("headroom:{" + lane + "}:skip") {}

  std::string manifest;
  std::string staged;
  std::string replaced;
  std::string page_prefix;
  std::string mark;
  std::string skips;
};

std::string page_field(PageId id);       // "p<store>.<page>"
std::string epoch_text(uint64_t epoch);  // 20 digits

// From HGETALL, whose texts it takes; none when the key does not exist. kCorrupt when it is not what a flip writes.
Result<std::optional<Manifest>> parse_manifest(Reply& reply);
// From GET of "offset deaths".
Result<std::optional<AttemptMark>> parse_mark(const Reply& reply);
std::string mark_text(const AttemptMark& mark);
// From SMEMBERS, in any order.
Result<std::vector<Offset>> parse_skips(const Reply& reply);

}  // namespace headroom
