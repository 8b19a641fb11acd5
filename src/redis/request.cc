#include "redis/request.h"

#include <cstdint>

namespace headroom {
namespace {

void append_argument(std::string& out, std::string_view argument) {
  out.append("$").append(std::to_string(argument.size())).append("\r\n").append(argument).append("\r\n");
}

}  // namespace

Request make_request(const std::vector<std::string_view>& arguments) {
  Request out;
  size_t bytes = 16;
  for (const std::string_view argument : arguments) bytes += argument.size() + 16;
  out.head.reserve(bytes);
  out.head.append("*").append(std::to_string(arguments.size())).append("\r\n");
  for (const std::string_view argument : arguments) append_argument(out.head, argument);
  return out;
}

Request make_set(std::string_view key, std::string bytes, int64_t lifetime_ms) {
  Request out;
  out.head = "*5\r\n$3\r\nSET\r\n";
  append_argument(out.head, key);
  out.head.append("$").append(std::to_string(bytes.size())).append("\r\n");
  out.body = std::move(bytes);
  out.tail = "\r\n";
  append_argument(out.tail, "PX");
  append_argument(out.tail, std::to_string(lifetime_ms));
  return out;
}

}  // namespace headroom
