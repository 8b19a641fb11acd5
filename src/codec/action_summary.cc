#include <string>

#include "codec/event_reader.h"
#include "headroom/codec.h"

namespace headroom {

Result<ActionSummary> parse_action(std::string_view json) {
  const auto event = codec::parse_event(json);
  if (!event) return event.status();
  const codec::Json& root = *event;
  codec::EventReader in;
  ActionSummary out;
  out.id = in.string(root, "id");
  out.source = in.string(root, "source");
  out.type = in.string(root, "type");
  if (in.error().empty() && out.type != kResizeType && out.type != kScaleType) {
    return Status(Code::kInvalid, "type '" + out.type + "' is neither a resize nor a scale command");
  }
  out.subject = in.string(root, "subject");
  out.time_ms = in.time(root, "time");
  out.expiry_ms = in.time(root, "expirytime");
  out.partitionkey = in.string(root, "partitionkey");
  out.lane = in.string(root, "lane");
  out.sequence = in.sequence(root);
  const codec::Json& data = in.object(root, "data");
  out.action = in.string(data, "action");
  out.resource = in.string(data, "resource");
  out.mode = in.string(data, "mode");
  out.current = in.quantity(data, "current", out.resource);
  out.desired = in.quantity(data, "desired", out.resource);
  const codec::Json& reason = in.object(data, "reason");
  out.code = in.string(reason, "code");
  out.message = in.string(reason, "message");
  for (const auto& [name, value] : in.object(reason, "evidence").items()) {
    out.evidence.emplace_back(name, codec::json_text(value));
  }
  if (!in.error().empty()) return Status(Code::kInvalid, in.error());
  return out;
}

}  // namespace headroom
