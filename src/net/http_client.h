#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headroom/status.h"
#include "net/http_url.h"

namespace headroom {

enum class HttpVerb { kGet, kPut, kPost };

struct HttpRequest {
  HttpVerb verb = HttpVerb::kGet;
  std::string target = {};  // behind the URL's path
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  int64_t timeout_ms = 1000;  // for all of it, from the connection to the last byte; only a name's look-up may take longer
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;

  // Of the first header of this name, whatever its case; empty when there is none.
  std::string_view header(std::string_view name) const;
};

struct HttpClientOptions {
  HttpUrl url;
  std::string server = "the server";  // what sentences call it
  size_t most_body_bytes = 64 << 10;  // of an answer
  std::string ca_file = {};           // PEM, for https; empty: the system's
};

// Asks one server: HTTP/1.1, one connection a request, no proxy, no redirects followed. With https the server's certificate and its name
// are always verified, TLS 1.2 or newer. One thread, but for cancel().
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any answer is a success, whatever its status. kUnavailable: no connection, or it broke. kTimeout. kExhausted: the answer is too large.
  // kDenied: the server's certificate is refused. kInvalid: the CA's file cannot be read. kAborted: cancelled.
  Result<HttpAnswer> ask(const HttpRequest& request);
  // All at once; answers in the order of the requests. Waits for the slowest.
  std::vector<Result<HttpAnswer>> ask_all(std::span<const HttpRequest> requests);

  // What is under way ends at once, and so does what is asked from now on. Any thread.
  void cancel();

 private:
  struct Connections;
  Status prepare();

  const HttpClientOptions options_;
  std::atomic<bool> cancelled_{false};
  std::unique_ptr<Connections> connections_;
};

}  // namespace headroom
