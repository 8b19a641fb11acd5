#include "redis/redis_url.h"

#include <charconv>
#include <optional>

namespace headroom {
namespace {

Status invalid(std::string message) {
  return {Code::kInvalid, "redis url: " + std::move(message)};
}

std::optional<int> number(std::string_view text, int most) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > most) return std::nullopt;
  return value;
}

Status parse_db(std::string_view text, RedisUrl& out) {
  if (text.empty()) return Status::ok();
  const auto db = number(text, 1'000'000);
  if (!db) return invalid("the database must be a number from 0, as in redis://host:6379/0");
  out.db = *db;
  return Status::ok();
}

// "host", "host:port", "[v6]", "[v6]:port"
Status parse_authority(std::string_view text, RedisUrl& out) {
  size_t host_end = text.find(':');
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return invalid("'[' without ']' in the host");
    out.host = text.substr(1, close - 1);
    host_end = close + 1;
  } else {
    out.host = text.substr(0, host_end);
    host_end = std::min(host_end, text.size());
  }
  if (out.host.empty()) return invalid("it names no host, as in redis://127.0.0.1:6379/0");
  std::string_view rest = text.substr(host_end);
  if (rest.empty()) return Status::ok();
  const auto port = rest.starts_with(':') ? number(rest.substr(1), 65535) : std::nullopt;
  if (!port || *port == 0) return invalid("the port must be a number from 1 to 65535");
  out.port = static_cast<uint16_t>(*port);
  return Status::ok();
}

Result<RedisUrl> parse_unix(std::string_view rest) {
  RedisUrl out;
  const size_t query = rest.find('?');
  out.socket_path = rest.substr(0, query);
  if (!out.socket_path.starts_with('/')) return invalid("a unix socket is named by its whole path, as in unix:///run/redis/redis.sock");
  if (out.socket_path.size() > 107) return invalid("the socket's path is longer than the 107 bytes that the system allows");
  if (query == std::string_view::npos) return out;
  const std::string_view text = rest.substr(query + 1);
  if (!text.starts_with("db=")) return invalid("after '?' only db=N is known");
  if (Status status = parse_db(text.substr(3), out); !status) return status;
  return out;
}

}  // namespace

std::string RedisUrl::shown() const {
  if (!socket_path.empty()) return socket_path + "?db=" + std::to_string(db);
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + "/" + std::to_string(db);
}

Result<RedisUrl> parse_redis_url(std::string_view url) {
  if (url.starts_with("unix://")) return parse_unix(url.substr(7));
  RedisUrl out;
  if (url.starts_with("rediss://")) {
    out.tls = true;
    url.remove_prefix(9);
  } else if (url.starts_with("redis://")) {
    url.remove_prefix(8);
  } else {
    return invalid("it must begin with redis://, rediss:// or unix://");
  }
  const size_t slash = url.find('/');
  const std::string_view authority = url.substr(0, slash);
  if (url.find('@') != std::string_view::npos) {
    return invalid(
        "it must not hold a user or password; use the settings redis.user and redis.password (from a file or an environment variable)");
  }
  if (url.find_first_of("?#") != std::string_view::npos) return invalid("'?' and '#' are not known here");
  if (Status status = parse_authority(authority, out); !status) return status;
  if (slash == std::string_view::npos) return out;
  if (Status status = parse_db(url.substr(slash + 1), out); !status) return status;
  return out;
}

}  // namespace headroom
