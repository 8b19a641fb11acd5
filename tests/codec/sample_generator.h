#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

// Random records, valid and nearly valid, the same for the same seed on every machine.
namespace headroom::testing {

class SampleGenerator {
 public:
  explicit SampleGenerator(uint64_t seed) : random_(seed) {}

  uint64_t below(uint64_t n) { return random_() % n; }

  // A record as producers write it, with odd members now and then.
  std::string record() {
    if (below(3) != 0) return sample();
    std::string out = "[";
    const uint64_t size = below(5);
    for (uint64_t i = 0; i < size; ++i) out.append(i == 0 ? "" : ",").append(below(12) == 0 ? odd_value() : sample());
    return out + "]" + (below(8) == 0 ? "\n" : "");
  }

  // A few bytes changed, left out, doubled or put in.
  std::string mutated(std::string text) {
    static constexpr std::string_view kBytes = "{}[]\":,\\0123456789.eE+-truefalsnN \t\n\x7f\x80\xc3\xa4\xff";
    for (uint64_t n = 1 + below(3); n > 0 && !text.empty(); --n) {
      const size_t at = below(text.size());
      const char byte = below(8) == 0 ? static_cast<char>(below(256)) : kBytes[below(kBytes.size())];
      switch (below(5)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.erase(at, 1 + below(4));
          break;
        case 2:
          text.insert(at, 1, byte);
          break;
        case 3:
          text.insert(at, text.substr(at, 1 + below(20)));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    return text;
  }

  std::string number() {
    static const std::vector<std::string> kOdd = {"0",
                                                  "-0",
                                                  "-0.0",
                                                  "0.1",
                                                  "1e5",
                                                  "1E-5",
                                                  "1.5e300",
                                                  "1e308",
                                                  "1e309",
                                                  "-1e999",
                                                  "5e-324",
                                                  "1e-400",
                                                  "9007199254740993",
                                                  "9223372036854775807",
                                                  "9223372036854775808",
                                                  "18446744073709551616",
                                                  "123456789012345678901234567890",
                                                  "0.30000000000000004",
                                                  "2.2250738585072011e-308",
                                                  "1.7976931348623157e308",
                                                  "1.7976931348623159e308",
                                                  "00",
                                                  "1.",
                                                  "NaN",
                                                  "Infinity",
                                                  "-1",
                                                  "-2.5",
                                                  "1e0",
                                                  "12345678",
                                                  "1234567.1234567",
                                                  "0.00000001",
                                                  "0.9007199254740992",
                                                  "0.9007199254740993",
                                                  "9007199.254740993",
                                                  "1.0000000000000000",
                                                  "1.00000000000000000",
                                                  "0.4217760000000000",
                                                  "0.1234567812345678e1"};
    switch (below(5)) {
      case 0:
        return pick(kOdd);
      case 1:
        return std::to_string(below(100)) + "." + std::to_string(below(10'000));
      case 2:
        return std::to_string(below(1'000'000'000)) + "." + std::to_string(below(UINT64_MAX));
      case 3: {  // as metrics computed as doubles are written
        std::string digits = std::to_string(below(UINT64_MAX)) + std::to_string(below(UINT64_MAX));
        return std::to_string(below(10'000)) + "." + digits.substr(0, 1 + below(20));
      }
      default:
        return std::to_string(below(uint64_t{1} << below(64)));
    }
  }

 private:
  std::string pick(const std::vector<std::string>& from) { return from[below(from.size())]; }

  std::string odd_value() {
    static const std::vector<std::string> kOdd = {"null",
                                                  "true",
                                                  "{}",
                                                  "[]",
                                                  "\"x\"",
                                                  "1",
                                                  "{\"tick_ms\":1732262400000}",
                                                  "{\"tick_ms\":5,\"source\":\"s\"}",
                                                  "[{}]",
                                                  "NaN",
                                                  "1e999",
                                                  "{\"a\":{\"b\":[1,2]}}"};
    return pick(kOdd);
  }

  std::string text() {
    static const std::vector<std::string> kOdd = {"", "a\\nb", "\\u0041", "\\ud83d\\ude00", "\xc3\xa4", "a\\\"b", "\\\\", "\x7f", "a\tb"};
    if (below(20) == 0) return pick(kOdd);
    return std::string(below(below(40) == 0 ? 60 : 24), static_cast<char>('a' + below(26)));
  }

  std::string quoted(const std::string& inside) { return std::string("\"").append(inside).append("\""); }

  std::string time() {
    static const std::vector<std::string> kOdd = {
        "0",      "946684800000",   "946684799999", "1732263000000",        "1732263000001", "-5", "1732262400000.0",
        "1.7e12", "01732262400000", "\"x\"",        "99999999999999999999", "123456789"};
    return below(12) == 0 ? pick(kOdd) : std::to_string(1'732'262'000'000 + below(400'000));
  }

  std::string labels() {
    static const std::vector<std::string> kNames = {"container",     "instance", "host", "env", "environment",
                                                    "instance_type", "zone",     "team", "Host"};
    std::string out = "{";
    for (const auto& name : kNames) {
      if (below(2) == 0) continue;
      out.append(out.size() == 1 ? "" : ",").append(quoted(below(40) == 0 ? pick(kNames) : name)).append(":");
      out.append(below(60) == 0 ? odd_value() : quoted(text()));
    }
    return out + "}";
  }

  std::string member(uint64_t which) {
    static const std::vector<std::string> kMetrics = {"cpu_used_cores", "cpu_reserved_cores", "memory_used_bytes", "memory_reserved_bytes",
                                                      "gpu_used",       "gpu_reserved",       "replicas",          "oom_kills",
                                                      "requests",       "cpu_used_coreS"};
    switch (which) {
      case 0:
        return "\"target\":" + quoted("c/n/Deployment/" + text());
      case 1:
        return "\"metric\":" + quoted(below(30) == 0 ? text() : pick(kMetrics));
      case 2:
        return "\"time_ms\":" + time();
      case 3:
        return "\"value\":" + number();
      case 4:
        return "\"labels\":" + (below(30) == 0 ? odd_value() : labels());
      case 5:
        return "\"note\":" + (below(3) == 0 ? odd_value() : quoted(text()));
      default:
        return quoted(pick({"target", "metric", "time_ms", "value", "labels", "tick_ms"})) + ":" + odd_value();
    }
  }

  std::string sample() {
    std::vector<uint64_t> order = {0, 1, 2, 3, 4};
    if (below(3) == 0) std::swap(order[below(5)], order[below(5)]);
    if (below(12) == 0) order.push_back(below(7));
    if (below(20) == 0) order.erase(order.begin() + static_cast<std::ptrdiff_t>(below(order.size())));
    const std::string blank = below(20) == 0 ? " " : "";
    std::string out = "{";
    for (const uint64_t which : order) out.append(out.size() == 1 ? "" : "," + blank).append(member(which));
    return out + blank + "}";
  }

  std::mt19937_64 random_;
};

}  // namespace headroom::testing
