#include "cli/csv_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/concat.h"

namespace headroom {
namespace {

constexpr size_t kReadBytes = 1 << 18;
constexpr size_t kMostFieldBytes = 1 << 20;
constexpr size_t kMostFields = 10'000;

}  // namespace

Result<ReadBytes> open_bytes(const std::string& path) {
  const int file = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const int error = errno;
    return Status(error == ENOENT ? Code::kNotFound : Code::kInvalid, concat("cannot open ", path, ": ", std::strerror(error)));
  }
  const std::shared_ptr<const int> owned(new int(file), [](const int* open) {
    ::close(*open);
    delete open;
  });
  return ReadBytes([owned, path](char* buffer, size_t size) -> Result<size_t> {
    for (;;) {
      const ssize_t got = ::read(*owned, buffer, size);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR) return Status(Code::kInvalid, concat("cannot read ", path, ": ", std::strerror(errno)));
    }
  });
}

void CsvReader::fill() {
  // The first time enough to see a byte order mark, however small the pieces are that the text comes in.
  const size_t enough = started_ ? 1 : 3;
  buffer_.clear();
  at_ = 0;
  while (!ended_ && buffer_.size() < enough) {
    const size_t filled = buffer_.size();
    buffer_.resize(filled + kReadBytes);
    const auto got = read_(buffer_.data() + filled, kReadBytes);
    if (!got) failed_ = got.status();
    buffer_.resize(filled + (got ? *got : 0));
    ended_ = buffer_.size() == filled;
  }
  if (!started_ && buffer_.starts_with("\xef\xbb\xbf")) at_ = 3;
  started_ = true;
}

int CsvReader::peek() {
  while (at_ == buffer_.size() && !ended_) fill();
  return at_ < buffer_.size() ? static_cast<unsigned char>(buffer_[at_]) : kNone;
}

int CsvReader::take() {
  const int c = peek();
  if (c != kNone) ++at_;
  if (c == '\n') ++line_;
  return c;
}

Result<CsvReader::Outcome> CsvReader::bad(std::string& fault, std::string_view why) {
  fault = why;
  for (int c = peek(); c != kNone && c != '\n'; c = peek()) take();
  take();
  return Outcome::kBadRow;
}

std::string_view CsvReader::quoted_field(std::string& field) {
  take();
  for (;;) {
    const int c = take();
    if (c == kNone) return "a quoted field has no end";
    if (c == '"') {
      if (peek() != '"') break;
      take();
    }
    field += static_cast<char>(c);
    if (field.size() > kMostFieldBytes) return "a field is longer than 1 MiB";
  }
  const int c = peek();
  if (c == '\r' || c == '\n' || c == kNone || c == delimiter_) return {};
  return "text stands behind a closing quote";
}

std::string_view CsvReader::plain_field(std::string& field) {
  for (int c = peek(); c != kNone && c != delimiter_ && c != '\n' && c != '\r'; c = peek()) {
    if (c == '"') return "a quote stands within a field that does not begin with one";
    field += static_cast<char>(take());
    if (field.size() > kMostFieldBytes) return "a field is longer than 1 MiB";
  }
  return {};
}

Result<CsvReader::Outcome> CsvReader::next(CsvRow& row, std::string& fault) {
  while (peek() == '\n' || peek() == '\r') take();
  row.line = line_;
  row.fields.clear();
  if (peek() == kNone) return failed_ ? Result<Outcome>(Outcome::kEnd) : Result<Outcome>(failed_);
  for (;;) {
    if (row.fields.size() == kMostFields) return bad(fault, "more than 10000 fields");
    std::string& field = row.fields.emplace_back();
    const std::string_view why = peek() == '"' ? quoted_field(field) : plain_field(field);
    if (!failed_) return failed_;
    if (!why.empty()) return bad(fault, why);
    const int end = peek();
    if (end != delimiter_) break;
    take();
  }
  if (peek() == '\r') take();
  if (peek() != '\n' && peek() != kNone) return bad(fault, "a carriage return stands within a line");
  take();
  return Outcome::kRow;
}

}  // namespace headroom
