#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "headroom/status.h"

// Points and lengths of time as people write them. Independent of locale and time zone; any thread.
namespace headroom {

// Unix milliseconds as RFC 3339 in UTC: "2026-11-22T10:15:00Z", with ".250" only when there are milliseconds. What lies outside the years
// 0000 to 9999 becomes the nearest moment within.
std::string format_rfc3339(int64_t time_ms);
void append_rfc3339(int64_t time_ms, std::string& out);

// Reads RFC 3339 with "Z" or an offset ("+02:00"); digits of the second below the millisecond are dropped. kInvalid for anything else, for
// a day that the month has not, and for leap seconds.
Result<int64_t> parse_rfc3339(std::string_view text);

// Milliseconds as the shortest run of whole units d, h, m, s, ms: "1h", "1m30s", "250ms", "0s", "-5s". parse_duration reads it back.
std::string format_duration(int64_t duration_ms);
void append_duration(int64_t duration_ms, std::string& out);

// Reads whole numbers with units d, h, m, s, ms, the largest first and each at most once: "5m", "1h30m", "250ms", "-5s". A number needs its
// unit, but for "0". kInvalid for anything else and for what does not fit into 64 bits of milliseconds.
Result<int64_t> parse_duration(std::string_view text);

}  // namespace headroom
