#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace headroom {

// Little-endian bytes and base-128 varints, appended to a string.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(&out) {}
  void varint(uint64_t value) {
    char buffer[10];
    size_t n = 0;
    while (value >= 0x80) buffer[n++] = static_cast<char>(value | 0x80), value >>= 7;
    buffer[n++] = static_cast<char>(value);
    out_->append(buffer, n);
  }
  void zigzag(int64_t value) { varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63)); }
  void fixed64(uint64_t value) { out_->append(reinterpret_cast<const char*>(&value), sizeof value); }
  void fixed32(uint32_t value) { out_->append(reinterpret_cast<const char*>(&value), sizeof value); }
  void f64(double value) { fixed64(std::bit_cast<uint64_t>(value)); }
  void raw(std::string_view bytes) { out_->append(bytes); }
  void raw(const void* data, size_t size) { out_->append(static_cast<const char*>(data), size); }
  void string(std::string_view bytes) { varint(bytes.size()), raw(bytes); }
  std::string& out() { return *out_; }

 private:
  std::string* out_;
};

// Reads what ByteWriter wrote. After any read past the end or malformed varint ok() is false and all reads give zeros.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool ok() const { return ok_; }
  bool empty() const { return at_ == end_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  void fail() { ok_ = false, at_ = end_; }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; at_ < end_ && shift < 64; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at_++);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }
  int64_t zigzag() {
    const uint64_t value = varint();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  uint64_t fixed64() { return fixed<uint64_t>(); }
  uint32_t fixed32() { return fixed<uint32_t>(); }
  double f64() { return std::bit_cast<double>(fixed64()); }
  std::string_view raw(size_t size) {
    if (size > left()) return fail(), std::string_view();
    const std::string_view bytes(at_, size);
    at_ += size;
    return bytes;
  }
  std::string_view string() {
    const uint64_t size = varint();
    return raw(size);
  }

 private:
  template <class N>
  N fixed() {
    N value = 0;
    const auto bytes = raw(sizeof(N));
    if (bytes.size() == sizeof(N)) std::memcpy(&value, bytes.data(), sizeof(N));
    return value;
  }
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian");

}  // namespace headroom
