// Any bytes as the answer of a cloud's metadata service: notices that stand in it or a reason, nothing else.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "spot/aws_metadata.h"
#include "spot/azure_metadata.h"
#include "spot/gcp_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto action = headroom::parse_instance_action(body);
  HEADROOM_CHECK(action.is_ok() || !action.status().message().empty());
  const auto rebalance = headroom::parse_rebalance_recommendation(body);
  HEADROOM_CHECK(rebalance.is_ok() == action.is_ok());
  const auto preempted = headroom::parse_preempted(body);
  HEADROOM_CHECK(!preempted.is_ok() || !preempted->has_value() || body.find("TRUE") != std::string_view::npos);
  HEADROOM_CHECK(!headroom::parse_maintenance_event(body).has_value() || body.find("TERMINATE") != std::string_view::npos);
  const auto events = headroom::parse_scheduled_events(body, "vm-7");
  if (events)
    for (const auto& notice : *events) HEADROOM_CHECK(notice.provider == headroom::SpotProvider::kAzure);
  return 0;
}
