#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/status.h"
#include "spot/metadata_client.h"
#include "spot/notice.h"

namespace headroom {

// Azure's scheduled events: asked with `Metadata: true`, the first answer may take two minutes (the first question turns the service on,
// for a day). They are told to all machines of a set, so only those that name this one count: Preempt (30 s before), Terminate, Reboot and
// Redeploy (minutes before); Freeze, a pause of seconds, does not. They are not acknowledged: that would let them begin sooner, for all
// machines that they name.
class AzureMetadata {
 public:
  explicit AzureMetadata(int64_t timeout_ms) : timeout_ms_(timeout_ms) {}

  static MetadataRequest identity(int64_t timeout_ms);
  static bool recognises(const MetadataAnswer& answer);
  Result<std::vector<Notice>> look(MetadataClient& client);

 private:
  const int64_t timeout_ms_;
  std::string machine_;
  bool answered_ = false;
};

// The notices of a scheduled-events document for this machine. An event that has started, or that names no time, may come at any moment;
// one that is neither scheduled nor started (cancelled, completed) is none.
Result<std::vector<Notice>> parse_scheduled_events(std::string_view body, std::string_view machine);

}  // namespace headroom
