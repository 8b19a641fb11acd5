#include "codec/event_head.h"

#include <array>
#include <charconv>
#include <string>

#include "base/hash.h"
#include "base/time_text.h"
#include "codec/target_parts.h"

namespace headroom::codec {
namespace {

std::string padded(uint64_t value, size_t width, int base) {
  std::array<char, 20> digits;
  const auto size = static_cast<size_t>(std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr - digits.data());
  return std::string(width - size, '0').append(digits.data(), size);
}

// The parts are told apart by a byte that no decoded string holds.
std::string id_of(const EventHead& head, const Envelope& envelope) {
  std::string name;
  const auto add = [&name](std::string_view part) { name.append(part).push_back('\n'); };
  add(envelope.source);
  add(envelope.lane);
  add(std::to_string(envelope.incarnation));
  add(head.type);
  add(head.subject);
  add(head.resource);
  add(std::to_string(head.time_ms));
  if (!head.apart.empty()) add(head.apart);
  return padded(hash_bytes(name), 16, 16);
}

}  // namespace

void write_event_head(const EventHead& head, const Envelope& envelope, Encoded& out, JsonWriter& json) {
  out.key = head.partitionkey;
  out.headers.clear();
  out.headers.emplace_back("type", head.type);
  out.headers.emplace_back("subject", head.subject);
  out.value.clear();
  json.open('{');
  json.member("specversion", "1.0");
  json.member("id", id_of(head, envelope));
  json.member("source", envelope.source);
  json.member("type", head.type);
  json.member("subject", head.subject);
  json.member("time", format_rfc3339(head.time_ms));
  if (head.expiry_ms != 0) json.member("expirytime", format_rfc3339(head.expiry_ms));
  json.member("partitionkey", head.partitionkey);
  json.member("lane", envelope.lane);
  json.member("sequence", padded(envelope.sequence, 20, 10));
  json.member("datacontenttype", "application/json");
}

void write_target(std::string_view target, std::string_view container, JsonWriter& json) {
  const TargetParts parts = target_parts(target);
  json.open_member("target", '{');
  if (parts.name.size() != target.size()) {
    json.member("cluster", parts.cluster);
    json.member("namespace", parts.namespace_name);
    json.member("kind", parts.kind);
  }
  json.member("name", parts.name);
  if (!container.empty()) json.member("container", container);
  json.close('}');
}

}  // namespace headroom::codec
