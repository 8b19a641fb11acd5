#pragma once

#include <cstdint>
#include <string_view>

#include "config/config.h"

namespace headroom {

// What is going to happen to the machine. kRebalance is a hint only: the provider thinks that it may have to take the machine soon.
enum class NoticeKind { kTerminate, kStop, kHibernate, kPreempt, kMaintenance, kReboot, kRedeploy, kRebalance, kSigterm };

// The words of metrics and logs: "preempt"; "aws".
std::string_view notice_kind_name(NoticeKind kind);
std::string_view spot_provider_name(SpotProvider provider);

// The provider says that it takes this machine away.
struct Notice {
  SpotProvider provider = SpotProvider::kOff;
  NoticeKind kind = NoticeKind::kTerminate;
  int64_t deadline_ms = 0;  // Unix; from then on the machine may be gone. 0: no time was told, it may go at any moment

  bool operator==(const Notice&) const = default;
};

}  // namespace headroom
