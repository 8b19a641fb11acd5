#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace headroom {

// What kind of failure a Status carries; the caller decides by it what happens next.
enum class Code {
  kOk,
  kInvalid,      // wrong input: configuration, argument, record
  kNotFound,     // asked for something that is not there
  kUnavailable,  // an outside thing does not answer; trying again may help
  kTimeout,      // no answer within the time given; whether it took effect is unknown
  kFenced,       // another owner has taken this place: stop acting at once
  kAborted,      // refused without effect; the same request may be made again
  kDenied,       // not authorised; trying again does not help
  kCorrupt,      // bytes that do not check out
  kSchema,       // bytes of a format or meaning that this binary does not know
  kExhausted,    // a limit was reached
  kInternal,     // a fault of the library or system that fits nowhere else
};

// The snake_case word for a code, as it stands in logs and JSON.
std::string_view code_name(Code code);

// Success, or a code with one sentence for a person.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  static Status ok() { return {}; }

  bool is_ok() const { return code_ == Code::kOk; }
  explicit operator bool() const { return is_ok(); }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  // "code: message", or "ok".
  std::string to_string() const;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

// A value, or the Status that says why there is none. value() of a failure aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor): reads as `return value;`
  Result(Status status) : value_(std::move(status)) {}  // NOLINT(google-explicit-constructor): reads as `return status;`

  bool is_ok() const { return value_.index() == 0; }
  explicit operator bool() const { return is_ok(); }
  T& value() & { return std::get<0>(value_); }
  const T& value() const& { return std::get<0>(value_); }
  T&& value() && { return std::get<0>(std::move(value_)); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Status status() const { return is_ok() ? Status::ok() : std::get<1>(value_); }

 private:
  std::variant<T, Status> value_;
};

}  // namespace headroom
