#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace headroom::codec {

// Compact JSON, member by member in the order of the calls; the same bytes on every machine, whatever the locale. Commas come by
// themselves. Strings are taken to be UTF-8 and stand as they are, but for what JSON wants escaped.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(&out) {}

  void open(char bracket) {
    separate();
    *out_ += bracket;
  }
  void close(char bracket) { *out_ += bracket; }
  void open_member(std::string_view name, char bracket) {
    key(name);
    *out_ += bracket;
  }

  void member(std::string_view name, std::string_view text) {
    key(name);
    quote(text);
  }
  void member_integer(std::string_view name, int64_t value) {
    key(name);
    append_integer(value);
  }
  void member_null(std::string_view name) {
    key(name);
    *out_ += "null";
  }
  // Millionths as a decimal of one to six places: 1.0, 0.86, -0.1.
  void member_micro(std::string_view name, int64_t micro) {
    key(name);
    append_micro(micro);
  }
  void member_boolean(std::string_view name, bool value) {
    key(name);
    *out_ += value ? "true" : "false";
  }
  // The shortest decimal that reads back as the same number; what JSON has no number for is left out.
  template <std::floating_point N>
  void member_number(std::string_view name, N value) {
    if (!std::isfinite(value)) return;
    key(name);
    char digits[32];
    out_->append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  void element_integer(int64_t value) {
    separate();
    append_integer(value);
  }
  void element_micro(int64_t micro) {
    separate();
    append_micro(micro);
  }

 private:
  void separate() {
    if (out_->empty()) return;
    const char last = out_->back();
    if (last != '{' && last != '[' && last != ':') *out_ += ',';
  }
  void key(std::string_view name) {
    separate();
    quote(name);
    *out_ += ':';
  }
  void append_integer(int64_t value) {
    char digits[20];
    out_->append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  void append_micro(int64_t micro) {
    if (micro < 0) *out_ += '-';
    const uint64_t magnitude = micro < 0 ? 0 - static_cast<uint64_t>(micro) : static_cast<uint64_t>(micro);
    append_integer(static_cast<int64_t>(magnitude / 1'000'000));
    *out_ += '.';
    auto rest = static_cast<uint32_t>(magnitude % 1'000'000);
    uint32_t place = 100'000;
    do {
      *out_ += static_cast<char>('0' + rest / place);
      rest %= place;
      place /= 10;
    } while (rest != 0);
  }
  static bool plain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }
  void quote(std::string_view text) {
    *out_ += '"';
    // Most texts need no escape, and those that do need few.
    while (!text.empty()) {
      const size_t run = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), plain) - text.begin());
      out_->append(text.substr(0, run));
      if (run == text.size()) break;
      escape(text[run]);
      text.remove_prefix(run + 1);
    }
    *out_ += '"';
  }
  void escape(char c) {
    *out_ += '\\';
    if (c == '"' || c == '\\') {
      *out_ += c;
      return;
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    *out_ += "u00";
    *out_ += kHex[static_cast<unsigned char>(c) >> 4];
    *out_ += kHex[static_cast<unsigned char>(c) & 15];
  }

  std::string* out_;
};

}  // namespace headroom::codec
