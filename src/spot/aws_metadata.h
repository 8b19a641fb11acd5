#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/status.h"
#include "spot/metadata_client.h"
#include "spot/notice.h"

namespace headroom {

// EC2's instance metadata service, version 2: every question carries a session token, which is asked for with a PUT, kept, and asked for
// again when the service refuses it (401). spot/instance-action and events/recommendations/rebalance answer 404 while there is nothing to
// tell. From inside a container the token comes only when the instance's hop limit is 2 or more.
class AwsMetadata {
 public:
  explicit AwsMetadata(int64_t timeout_ms) : timeout_ms_(timeout_ms) {}

  // What only this provider answers so.
  static MetadataRequest identity(int64_t timeout_ms);
  static bool recognises(const MetadataAnswer& answer);

  // All notices that stand; none is the usual. Not ok: no look was possible, and why.
  Result<std::vector<Notice>> look(MetadataClient& client);

 private:
  Result<MetadataAnswer> get(MetadataClient& client, const char* target);
  Status renew_token(MetadataClient& client);

  const int64_t timeout_ms_;
  std::string token_;
};

// The body of instance-action. An action or a time that is not known is still a notice: to terminate, at any moment.
Result<Notice> parse_instance_action(std::string_view body);
// The body of recommendations/rebalance; the deadline is the time of the recommendation.
Result<Notice> parse_rebalance_recommendation(std::string_view body);

}  // namespace headroom
