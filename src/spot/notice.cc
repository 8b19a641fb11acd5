#include "spot/notice.h"

namespace headroom {

std::string_view notice_kind_name(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kTerminate:
      return "terminate";
    case NoticeKind::kStop:
      return "stop";
    case NoticeKind::kHibernate:
      return "hibernate";
    case NoticeKind::kPreempt:
      return "preempt";
    case NoticeKind::kMaintenance:
      return "maintenance";
    case NoticeKind::kReboot:
      return "reboot";
    case NoticeKind::kRedeploy:
      return "redeploy";
    case NoticeKind::kRebalance:
      return "rebalance";
    case NoticeKind::kSigterm:
      return "sigterm";
  }
  return "terminate";
}

std::string_view spot_provider_name(SpotProvider provider) {
  switch (provider) {
    case SpotProvider::kOff:
      return "off";
    case SpotProvider::kAuto:
      return "auto";
    case SpotProvider::kAws:
      return "aws";
    case SpotProvider::kGcp:
      return "gcp";
    case SpotProvider::kAzure:
      return "azure";
    case SpotProvider::kKubernetes:
      return "kubernetes";
  }
  return "off";
}

}  // namespace headroom
