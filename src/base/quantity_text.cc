#include "base/quantity_text.h"

#include <algorithm>
#include <array>
#include <limits>

namespace headroom {
namespace {

struct Unit {
  std::string_view name;
  int64_t bytes;
};
constexpr std::array<Unit, 5> kBinary = {
    {{"TiB", int64_t{1} << 40}, {"GiB", int64_t{1} << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}};
constexpr std::array<Unit, 11> kAccepted = {{{"TiB", int64_t{1} << 40},
                                             {"GiB", int64_t{1} << 30},
                                             {"MiB", 1 << 20},
                                             {"KiB", 1 << 10},
                                             {"TB", 1'000'000'000'000},
                                             {"GB", 1'000'000'000},
                                             {"MB", 1'000'000},
                                             {"KB", 1000},
                                             {"kB", 1000},
                                             {"B", 1},
                                             {"", 1}}};
constexpr size_t kMaxDigits = 18;  // those of any int64_t but the last few

std::string quoted(std::string_view text) {
  return std::string("'").append(text).append("'");
}

Status not_a_size(std::string_view text) {
  return {Code::kInvalid, quoted(text) + " is not a size: a number with B, KiB, MiB, GiB, TiB, kB, MB, GB or TB, as in 64MiB"};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A decimal as an integer and the power of ten that divides it.
struct Decimal {
  int64_t digits = 0;
  int64_t scale = 1;
};

// Takes "123" or "1.5" off the front; false when there is none or it is too long.
bool take_decimal(std::string_view& left, Decimal& out) {
  size_t digits = 0;
  bool fraction = false;
  size_t size = 0;
  for (; size < left.size(); ++size) {
    const char c = left[size];
    if (c == '.' && !fraction && size > 0) {
      fraction = true;
      continue;
    }
    if (!is_digit(c)) break;
    if (++digits > kMaxDigits) return false;
    out.digits = out.digits * 10 + (c - '0');
    if (fraction) out.scale *= 10;
  }
  if (digits == 0 || left[size - 1] == '.') return false;
  left.remove_prefix(size);
  return true;
}

}  // namespace

std::string format_bytes(int64_t bytes) {
  if (bytes == 0) return "0B";
  const auto unit = std::find_if(kBinary.begin(), kBinary.end(), [&](const Unit& u) { return bytes % u.bytes == 0; });
  return std::to_string(bytes / unit->bytes).append(unit->name);
}

Result<int64_t> parse_bytes(std::string_view text) {
  std::string_view left = text;
  Decimal number;
  if (!take_decimal(left, number)) return not_a_size(text);
  const auto unit = std::find_if(kAccepted.begin(), kAccepted.end(), [&](const Unit& u) { return u.name == left; });
  if (unit == kAccepted.end()) return not_a_size(text);
  __extension__ using Wide = __int128;
  const Wide scaled = static_cast<Wide>(number.digits) * unit->bytes;
  if (scaled % number.scale != 0 || scaled / number.scale > std::numeric_limits<int64_t>::max()) return not_a_size(text);
  return static_cast<int64_t>(scaled / number.scale);
}

}  // namespace headroom
