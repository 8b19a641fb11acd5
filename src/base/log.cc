#include "base/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace headroom {
namespace {

std::atomic<LogLevel> g_least{LogLevel::kInfo};
std::atomic<LogFormat> g_format{LogFormat::kLogfmt};

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};

std::string now_text() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  const size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + n, sizeof text - n, ".%03dZ", static_cast<int>(ms % 1000));
  return text;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (c == '\n')
      out += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escaped;
    } else
      out += c;
  }
  out += '"';
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\') return true;
  return false;
}

void append_field(std::string& out, LogFormat format, std::string_view key, std::string_view text, bool quoted) {
  if (format == LogFormat::kJson) {
    out += out.size() > 1 ? "," : "";
    append_quoted(out, key);
    out += ':';
    if (quoted)
      append_quoted(out, text);
    else
      out += text;
    return;
  }
  if (!out.empty()) out += ' ';
  out += key;
  out += '=';
  if (quoted && needs_quotes(text))
    append_quoted(out, text);
  else
    out += text;
}

}  // namespace

std::string LogField::number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return {text, end.ptr};
}
std::string LogField::number(int64_t value) {
  return std::to_string(value);
}
std::string LogField::number(uint64_t value) {
  return std::to_string(value);
}

void set_log(LogLevel least, LogFormat format) {
  g_least = least;
  g_format = format;
}

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < g_least.load(std::memory_order_relaxed)) return;
  const LogFormat format = g_format.load(std::memory_order_relaxed);
  std::string line = format == LogFormat::kJson ? "{" : "";
  append_field(line, format, "ts", now_text(), true);
  append_field(line, format, "level", kLevels[static_cast<size_t>(level)], true);
  append_field(line, format, "msg", message, true);
  for (const auto& field : fields) append_field(line, format, field.key, field.text, field.quoted);
  line += format == LogFormat::kJson ? "}\n" : "\n";
  // One write a line keeps lines of several threads whole; a full or closed stderr must not stop the worker.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace headroom
