#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headroom/status.h"
#include "net/http_client.h"

namespace headroom {

struct MetadataRequest {
  bool put = false;  // without a body; otherwise GET
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers = {};
  int64_t timeout_ms = 1000;  // for all of it, from the connection to the last byte
};

struct MetadataAnswer {
  unsigned status = 0;
  std::string body;    // at most kMostBody
  std::string flavor;  // header Metadata-Flavor
};

// Asks a machine's metadata service: plain HTTP to a numeric address, one connection a request, no proxy, no redirects followed. One
// thread, but for cancel().
class MetadataClient {
 public:
  static constexpr size_t kMostBody = 64 << 10;

  // `endpoint`: http://ADDRESS or http://ADDRESS:PORT, the address numeric ([..] for IPv6), so that no name is ever looked up.
  explicit MetadataClient(std::string endpoint);

  // Any answer is a success, whatever its status. kUnavailable: no connection, or it broke. kTimeout. kExhausted: the answer is too large.
  // kInvalid: the endpoint is no such address. kAborted: cancelled.
  Result<MetadataAnswer> ask(const MetadataRequest& request);
  // All at once; answers in the order of the requests. Waits for the slowest.
  std::vector<Result<MetadataAnswer>> ask_all(std::span<const MetadataRequest> requests);

  // What is under way ends at once, and so does what is asked from now on. Any thread.
  void cancel();

 private:
  const std::string endpoint_;
  std::unique_ptr<HttpClient> client_;  // none: the endpoint is no such address
};

}  // namespace headroom
