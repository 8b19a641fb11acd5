#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "headroom/status.h"

namespace headroom {

// Where an HTTP server is: http://host[:port][/path] or https://... IPv6 hosts stand in brackets.
struct HttpUrl {
  bool tls = false;
  std::string host;  // without brackets
  uint16_t port = 80;
  std::string path;  // before every target that is asked for; empty, or begins with a slash and does not end with one

  bool numeric() const;            // the host is an address, so no name is looked up
  bool loopback() const;           // ... and it is this machine's own, or the name is localhost
  std::string host_field() const;  // as the request's Host has it: "host:port", without the scheme's own port
  std::string shown() const;       // the whole, for people
};

// kInvalid with one sentence. A user or password inside the URL is refused, and never repeated in the sentence: URLs end up in logs.
Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace headroom
