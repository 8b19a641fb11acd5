#include "cli/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/concat.h"

namespace headroom {
namespace {

Status cannot(const char* what, const std::string& path) {
  return {Code::kInvalid, concat("cannot ", what, " ", path, ": ", std::strerror(errno))};
}

bool write_all(int file, const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t wrote = ::write(file, text.data() + at, text.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    at += static_cast<size_t>(wrote);
  }
  return ::fsync(file) == 0;
}

Status write_to(const std::string& path, int flags, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
  if (file < 0) return cannot("write", path);
  const Status written = write_all(file, text) ? Status::ok() : cannot("write", path);
  ::close(file);
  return written;
}

}  // namespace

Status append_durably(const std::string& path, const std::string& text) {
  return write_to(path, O_APPEND, text);
}

Status replace_durably(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  if (Status written = write_to(beside, O_TRUNC, text); !written) return written;
  return ::rename(beside.c_str(), path.c_str()) == 0 ? Status::ok() : cannot("replace", path);
}

}  // namespace headroom
