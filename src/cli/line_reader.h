#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "headroom/status.h"

namespace headroom {

// Lines of a file or pipe, as many at once as one read brings: a slow pipe is followed live, a file goes by in large pieces. One thread.
class LineReader {
 public:
  // "-" is standard input. kNotFound, kInvalid: cannot be opened.
  static Result<LineReader> open(const std::string& path);
  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  // The next lines without their ends, blank ones too; none at the end of the input. They are valid until the next call. kExhausted: a line
  // is longer than 64 MiB.
  Result<std::vector<std::string_view>> next();

 private:
  explicit LineReader(int file) : file_(file) {}

  int file_;
  bool at_end_ = false;
  std::string buffer_;
  size_t used_ = 0;  // bytes at the front that were handed out
};

}  // namespace headroom
