#include "cli/line_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/concat.h"

namespace headroom {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr size_t kMostLineBytes = 64 << 20;

}  // namespace

Result<LineReader> LineReader::open(const std::string& path) {
  if (path == "-") return LineReader(::dup(STDIN_FILENO));
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const int error = errno;
    return Status(error == ENOENT ? Code::kNotFound : Code::kInvalid, concat("cannot open ", path, ": ", std::strerror(error)));
  }
  return LineReader(file);
}

LineReader::LineReader(LineReader&& other) noexcept
    : file_(std::exchange(other.file_, -1)), at_end_(other.at_end_), buffer_(std::move(other.buffer_)), used_(other.used_) {}

LineReader::~LineReader() {
  if (file_ >= 0) ::close(file_);
}

Result<std::vector<std::string_view>> LineReader::next() {
  std::vector<std::string_view> lines;
  buffer_.erase(0, std::exchange(used_, 0));
  size_t searched = 0;
  while (lines.empty() && !at_end_) {
    const size_t filled = buffer_.size();
    if (filled > kMostLineBytes) return Status(Code::kExhausted, "a line is longer than 64 MiB");
    buffer_.resize(filled + kReadBytes);
    ssize_t got = 0;
    do got = ::read(file_, buffer_.data() + filled, kReadBytes);
    while (got < 0 && errno == EINTR);
    const int error = errno;
    buffer_.resize(filled + static_cast<size_t>(got > 0 ? got : 0));
    if (got < 0) return Status(Code::kInvalid, concat("cannot read: ", std::strerror(error)));
    at_end_ = got == 0;
    if (at_end_ && !buffer_.empty()) buffer_ += '\n';
    for (size_t end; (end = buffer_.find('\n', searched)) != std::string::npos; searched = used_ = end + 1)
      lines.push_back(std::string_view(buffer_).substr(used_, end - used_));
    searched = buffer_.size();
  }
  return lines;
}

}  // namespace headroom
