#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "headroom/status.h"
#include "spot/metadata_client.h"
#include "spot/notice.h"

namespace headroom {

// Compute Engine's metadata server: questions and answers carry `Metadata-Flavor: Google`. instance/preempted turns TRUE about 30 s before
// the machine is gone; instance/maintenance-event says TERMINATE_ON_HOST_MAINTENANCE a minute before, to those who ask at all. Asked again
// and again instead of waiting for a change: a question that waits says nothing about whether the server still answers.
class GcpMetadata {
 public:
  explicit GcpMetadata(int64_t timeout_ms) : timeout_ms_(timeout_ms) {}

  static MetadataRequest identity(int64_t timeout_ms);
  static bool recognises(const MetadataAnswer& answer);
  Result<std::vector<Notice>> look(MetadataClient& client);

 private:
  const int64_t timeout_ms_;
};

// TRUE or FALSE; kCorrupt for anything else.
Result<std::optional<Notice>> parse_preempted(std::string_view body);
// NONE, MIGRATE_ON_HOST_MAINTENANCE (the machine lives on) or TERMINATE_ON_HOST_MAINTENANCE; an unknown word is no notice.
std::optional<Notice> parse_maintenance_event(std::string_view body);

}  // namespace headroom
