#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace headroom {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };  // kOff: only for set_log
enum class LogFormat { kLogfmt, kJson };

// One field of a log line.
class LogField {
 public:
  LogField(std::string_view name, std::string_view value) : key(name), text(value), quoted(true) {}
  LogField(std::string_view name, const char* value) : LogField(name, std::string_view(value)) {}
  LogField(std::string_view name, const std::string& value) : LogField(name, std::string_view(value)) {}
  LogField(std::string_view name, bool value) : key(name), text(value ? "true" : "false"), quoted(false) {}
  template <class N>
  requires(std::is_arithmetic_v<N> && !std::is_same_v<N, bool>) LogField(std::string_view name, N value)
      : key(name), text(number(value)), quoted(false) {}

  std::string_view key;
  std::string text;
  bool quoted;

 private:
  static std::string number(double value);
  static std::string number(int64_t value);
  static std::string number(uint64_t value);
  template <class N>
  static std::string number(N value) {
    if constexpr (std::is_floating_point_v<N>)
      return number(static_cast<double>(value));
    else if constexpr (std::is_signed_v<N>)
      return number(static_cast<int64_t>(value));
    else
      return number(static_cast<uint64_t>(value));
  }
};

// Process-wide settings; set once at start.
void set_log(LogLevel least, LogFormat format);

// Writes one line to standard error, whole, from any thread: time, level, message, fields. Messages are constant sentences; what varies
// goes into fields. Never pass a secret.
void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
inline void log_debug(std::string_view m, std::initializer_list<LogField> f = {}) {
  log(LogLevel::kDebug, m, f);
}
inline void log_info(std::string_view m, std::initializer_list<LogField> f = {}) {
  log(LogLevel::kInfo, m, f);
}
inline void log_warn(std::string_view m, std::initializer_list<LogField> f = {}) {
  log(LogLevel::kWarn, m, f);
}
inline void log_error(std::string_view m, std::initializer_list<LogField> f = {}) {
  log(LogLevel::kError, m, f);
}

}  // namespace headroom
