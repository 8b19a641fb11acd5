#include "net/http_url.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>

#include "base/concat.h"

namespace headroom {
namespace {

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kTls = "https://";

Status refused(std::string_view text, std::string_view why) {
  return {Code::kInvalid, concat("\"", text, "\": ", why, "; expected http://host[:port][/path] or https://...")};
}

Status read_port(std::string_view text, uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return {Code::kInvalid, "the port is none from 1 to 65535"};
  return Status::ok();
}

// "host", "host:port", "[v6]" or "[v6]:port".
Status read_place(std::string_view place, HttpUrl& url) {
  std::string_view port;
  bool has_port = false;
  if (place.starts_with('[')) {
    const size_t end = place.find(']');
    if (end == std::string_view::npos) return {Code::kInvalid, "a [ without its ]"};
    url.host = place.substr(1, end - 1);
    std::array<unsigned char, sizeof(in6_addr)> scratch;
    if (inet_pton(AF_INET6, url.host.c_str(), scratch.data()) != 1) return {Code::kInvalid, "what stands in brackets is no IPv6 address"};
    port = place.substr(end + 1);
    has_port = port.starts_with(':');
    if (!port.empty() && !has_port) return {Code::kInvalid, "text stands behind the ]"};
    if (has_port) port.remove_prefix(1);
  } else {
    const size_t colon = place.find(':');
    url.host = place.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = place.substr(colon + 1);
  }
  if (url.host.empty()) return {Code::kInvalid, "there is no host"};
  return has_port ? read_port(port, url.port) : Status::ok();
}

bool is_v6(const std::string& host) {
  return host.find(':') != std::string::npos;
}

}  // namespace

bool HttpUrl::numeric() const {
  std::array<unsigned char, sizeof(in6_addr)> scratch;
  return inet_pton(AF_INET, host.c_str(), scratch.data()) == 1 || inet_pton(AF_INET6, host.c_str(), scratch.data()) == 1;
}

bool HttpUrl::loopback() const {
  return host == "localhost" || host == "::1" || (numeric() && host.starts_with("127."));
}

std::string HttpUrl::host_field() const {
  const std::string name = is_v6(host) ? concat("[", host, "]") : host;
  return port == (tls ? 443 : 80) ? name : concat(name, ":", std::to_string(port));
}

std::string HttpUrl::shown() const {
  return concat(tls ? kTls : kPlain, host_field(), path);
}

Result<HttpUrl> parse_http_url(std::string_view text) {
  HttpUrl url;
  std::string_view rest = text;
  // Before anything that repeats the text.
  if (text.substr(0, text.find_first_of("/?#", text.find("//") + 2)).find('@') != std::string_view::npos)
    return Status(Code::kInvalid,
                  "a user or password stands in the URL, where others can read it; give them by file or environment variable");
  if (rest.starts_with(kTls)) {
    url.tls = true;
    url.port = 443;
    rest.remove_prefix(kTls.size());
  } else if (rest.starts_with(kPlain)) {
    rest.remove_prefix(kPlain.size());
  } else {
    return refused(text, "the scheme is missing or another");
  }
  for (const char c : rest)
    if (c <= ' ' || c == '?' || c == '#' || c == 0x7f) return refused(text, "a space, ? or # stands in it");
  const size_t slash = rest.find('/');
  if (const Status place = read_place(rest.substr(0, slash), url); !place) return refused(text, place.message());
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

}  // namespace headroom
