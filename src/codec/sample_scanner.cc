#include "codec/sample_scanner.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "codec/digits.h"
#include "codec/number_text.h"
#include "codec/plain_string.h"
#include "codec/sample_rules.h"

namespace headroom::codec {
namespace {

// Takes what it recognises off the front of a record. Each take_ gives false where it does not; the record is then given up.
class Scanner {
 public:
  Scanner(const char* begin, const char* end) : at_(begin), end_(end) {}

  bool at_end() const { return at_ == end_; }
  char peek(size_t ahead = 0) const { return static_cast<size_t>(end_ - at_) > ahead ? at_[ahead] : '\0'; }

  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  template <size_t N>
  bool take(const char (&literal)[N]) {
    if (static_cast<size_t>(end_ - at_) < N - 1 || std::memcmp(at_, literal, N - 1) != 0) return false;
    at_ += N - 1;
    return true;
  }

  // The characters of a string whose opening quote has been taken, and its closing quote.
  bool take_string(std::string_view& out) {
    const char* close = plain_string_end(at_, end_);
    if (close == nullptr) return false;
    out = {at_, static_cast<size_t>(close - at_)};
    at_ = close + 1;
    return true;
  }

  // A member that is a string, whatever it is.
  bool take_member(std::string_view& name) {
    std::string_view ignored;
    return take('"') && take_string(name) && take(":\"") && take_string(ignored);
  }

  // An integer of 8 to 15 digits: all times that pass the rules have so many. What follows it is for the caller to look at.
  bool take_time(int64_t& out) {
    if (end_ - at_ < 16) return take_time_at_end(out);
    const uint64_t high = load_digits(at_);
    const uint64_t low = load_digits(at_ + 8);
    const unsigned low_count = leading_digits(low);
    if (leading_digits(high) != 8 || low_count == 8 || *at_ == '0') return false;
    out = static_cast<int64_t>(digits_value(high, 8));
    if (low_count != 0) out = out * static_cast<int64_t>(kPowersOfTen[low_count]) + static_cast<int64_t>(digits_value(low, low_count));
    at_ += 8 + low_count;
    return true;
  }

  bool take_value(double& out) { return take_short_value(out) || take_any_value(out); }

  void skip_blanks() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

 private:
  bool take_time_at_end(int64_t& out) {
    const NumberShape shape = number_shape(at_, end_);
    if (shape.size == 0 || shape.size > 15 || !shape.is_integer || *at_ == '-') return false;
    out = 0;
    for (const char* stop = at_ + shape.size; at_ < stop; ++at_) out = out * 10 + (*at_ - '0');
    return true;
  }

  // A number of up to 16 digits on either side of the point that make an integer which a double holds exactly: its quotient by an exact
  // power of ten (up to 10^22) is rounded once, so it is the nearest double.
  bool take_short_value(double& out) {
    if (end_ - at_ >= kLongestShortValue) return read_short_value(at_, out);
    char padded[kLongestShortValue] = {};
    std::memcpy(padded, at_, static_cast<size_t>(end_ - at_));
    const char* at = padded;
    if (!read_short_value(at, out)) return false;
    at_ += at - padded;
    return true;
  }

  static constexpr std::ptrdiff_t kLongestShortValue = 36;  // with sign, point, and the character that ends it

  static bool read_short_value(const char*& from, double& out) {
    const char* at = from;
    const bool negative = *at == '-';
    if (negative) ++at;
    uint64_t digits = 0;
    const unsigned whole = read_digits(at, digits);
    if (whole == 0 || (*(at - whole) == '0' && whole > 1)) return false;
    unsigned fraction = 0;
    if (*at == '.') {
      fraction = read_digits(++at, digits);
      if (fraction == 0) return false;
    }
    if (*at == 'e' || *at == 'E' || is_digit(*at) || whole + fraction > kDigitsOf64Bits || digits > kExactInteger) return false;
    from = at;
    const unsigned half = fraction / 2;
    const double scale = static_cast<double>(kPowersOfTen[half]) * static_cast<double>(kPowersOfTen[fraction - half]);
    const double magnitude = static_cast<double>(static_cast<int64_t>(digits)) / scale;
    out = negative ? 0.0 - magnitude : magnitude;  // so zero stays without a sign
    return true;
  }

  static constexpr unsigned kDigitsOf64Bits = 19;
  static constexpr uint64_t kExactInteger = uint64_t{1} << 53;
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  // Up to 16 digits, appended to a number; how many there were.
  static unsigned read_digits(const char*& at, uint64_t& number) {
    const uint64_t first = load_digits(at);
    const unsigned count = leading_digits(first);
    if (count == 0) return 0;
    number = number * kPowersOfTen[count] + digits_value(first, count);
    at += count;
    if (count < 8) return count;
    const uint64_t second = load_digits(at);
    const unsigned more = leading_digits(second);
    if (more == 0) return count;
    number = number * kPowersOfTen[more] + digits_value(second, more);
    at += more;
    return count + more;
  }

  bool take_any_value(double& out) {
    const NumberShape shape = number_shape(at_, end_);
    if (shape.size == 0) return false;
    const std::optional<double> value = nearest_double({at_, shape.size});
    if (!value) return false;
    out = *value + 0.0;  // negative zero becomes zero
    at_ += shape.size;
    return true;
  }

  const char* at_;
  const char* end_;
};

// Marks a member as seen; false when it had been.
bool first_time(unsigned& seen, unsigned member) {
  if ((seen & member) != 0) return false;
  seen |= member;
  return true;
}

bool scan_label(Scanner& in, unsigned& seen, Sample& out) {
  switch (in.peek(1)) {
    case 'c':
      if (in.take("\"container\":\"")) return first_time(seen, 1) && in.take_string(out.container);
      break;
    case 'i':
      if (in.take("\"instance\":\"")) return first_time(seen, 2) && in.take_string(out.instance);
      if (in.take("\"instance_type\":\"")) return first_time(seen, 4) && in.take_string(out.instance_type);
      break;
    case 'h':
      if (in.take("\"host\":\"")) return first_time(seen, 8) && in.take_string(out.host);
      break;
    case 'e':
      if (in.take("\"env\":\"") || in.take("\"environment\":\"")) return first_time(seen, 16) && in.take_string(out.environment);
      break;
    case 'z':
      if (in.take("\"zone\":\"")) return first_time(seen, 32) && in.take_string(out.zone);
      break;
    default:
      break;
  }
  std::string_view unknown;
  return in.take_member(unknown);
}

bool scan_labels(Scanner& in, Sample& out) {
  unsigned seen = 0;
  if (in.take('}')) return true;
  do {
    if (!scan_label(in, seen, out)) return false;
  } while (in.take(','));
  return in.take('}');
}

constexpr unsigned kTarget = 1;
constexpr unsigned kMetric = 2;
constexpr unsigned kTime = 4;
constexpr unsigned kValue = 8;
constexpr unsigned kLabels = 16;
constexpr unsigned kRequired = kTarget | kMetric | kTime | kValue;

bool scan_member(Scanner& in, unsigned& seen, Sample& out) {
  switch (in.peek(1)) {
    case 't':
      if (in.take("\"target\":\"")) return first_time(seen, kTarget) && in.take_string(out.target);
      if (in.take("\"time_ms\":")) return first_time(seen, kTime) && in.take_time(out.time_ms);
      break;
    case 'm':
      if (in.take("\"metric\":\"")) return first_time(seen, kMetric) && in.take_string(out.metric_name);
      break;
    case 'v':
      if (in.take("\"value\":")) return first_time(seen, kValue) && in.take_value(out.value);
      break;
    case 'l':
      if (in.take("\"labels\":{")) return first_time(seen, kLabels) && scan_labels(in, out);
      break;
    default:
      break;
  }
  // A known one that comes as a string though it should not is for the document to judge.
  std::string_view unknown;
  return in.take_member(unknown) && unknown != "time_ms" && unknown != "value" && unknown != "labels";
}

bool is_good(const Sample& sample, int64_t latest_ms, size_t max_string_bytes) {
  const size_t longest = std::max({sample.target.size(), sample.metric_name.size(), sample.container.size(), sample.instance.size(),
                                   sample.host.size(), sample.environment.size(), sample.instance_type.size(), sample.zone.size()});
  return longest <= max_string_bytes && !sample.target.empty() && !sample.metric_name.empty() &&
         time_problem(sample.time_ms, latest_ms).empty() && value_problem(sample.metric, sample.value).empty();
}

bool scan_sample(Scanner& in, int64_t latest_ms, size_t max_string_bytes, Sample& out) {
  unsigned seen = 0;
  if (!in.take('{')) return false;
  do {
    if (!scan_member(in, seen, out)) return false;
  } while (in.take(','));
  if (!in.take('}') || (seen & kRequired) != kRequired) return false;
  out.metric = known_metric(out.metric_name);
  return is_good(out, latest_ms, max_string_bytes);
}

}  // namespace

bool SampleScanner::scan(const Record& record, uint32_t index, Decoded<Sample>& out) {
  if (record.value.size() < kPlainStringBlock) return false;
  Scanner in(record.value.data(), record.value.data() + record.value.size());
  const int64_t latest_ms = latest_time_ms(record.timestamp_ms, options_.max_ahead_ms);
  const size_t before = out.values.size();
  const bool is_array = in.take('[');
  bool plain = true;
  do {
    out.values.push_back(blank_);
    auto& appended = out.values.back();
    appended.record = index;
    plain = scan_sample(in, latest_ms, options_.max_string_bytes, appended.value);
  } while (plain && is_array && in.take(','));
  plain = plain && (!is_array || in.take(']')) && out.values.size() - before <= (is_array ? options_.max_array : 1);
  in.skip_blanks();
  if (plain && in.at_end()) return true;
  out.values.resize(before);
  return false;
}

}  // namespace headroom::codec
