#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/status.h"

namespace headroom {

// Where the bytes of a text come from: fills the buffer, gives how many; 0 at the end.
using ReadBytes = std::function<Result<size_t>(char* buffer, size_t size)>;

// Of a file, or of standard input for "-"; the descriptor is closed with the last copy. kNotFound, kInvalid.
Result<ReadBytes> open_bytes(const std::string& path);

struct CsvRow {
  uint64_t line = 0;  // where it begins, from 1
  std::vector<std::string> fields;
};

// Rows of a CSV (RFC 4180): fields in double quotes may hold delimiters, line ends and doubled quotes; lines end with \n or \r\n; a byte
// order mark is passed over, blank lines too. One thread.
class CsvReader {
 public:
  explicit CsvReader(ReadBytes read, char delimiter = ',') : read_(std::move(read)), delimiter_(delimiter) {}

  enum class Outcome { kRow, kBadRow, kEnd };
  // The next row. kBadRow: `fault` says what is wrong with it; reading goes on with the line after the fault. A Status: the text could not
  // be read any further.
  Result<Outcome> next(CsvRow& row, std::string& fault);

 private:
  static constexpr int kNone = -1;

  void fill();
  int peek();
  int take();
  Result<Outcome> bad(std::string& fault, std::string_view why);
  // What is wrong with a field, empty when nothing is.
  std::string_view quoted_field(std::string& field);
  std::string_view plain_field(std::string& field);

  ReadBytes read_;
  char delimiter_;
  std::string buffer_;
  size_t at_ = 0;
  bool started_ = false;
  bool ended_ = false;
  uint64_t line_ = 1;
  Status failed_;
};

}  // namespace headroom
