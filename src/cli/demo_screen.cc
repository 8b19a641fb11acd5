#include "cli/demo_screen.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace headroom::demo {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";

void put(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

std::string_view environment(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? std::string_view() : value;
}

bool speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const auto value = environment(name); !value.empty())
      return value.find("UTF-8") != std::string_view::npos || value.find("utf8") != std::string_view::npos;
  return false;
}

}  // namespace

bool Screen::possible() {
  return isatty(STDOUT_FILENO) == 1 && !environment("TERM").empty() && environment("TERM") != "dumb";
}

Screen::Screen(const std::string& log_file) {
  const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log >= 0 && isatty(STDERR_FILENO) == 1) {
    stderr_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    dup2(log, STDERR_FILENO);
  }
  if (log >= 0) close(log);
  put(kEnter);
}

Screen::~Screen() {
  put(kLeave);
  if (stderr_ < 0) return;
  dup2(stderr_, STDERR_FILENO);
  close(stderr_);
}

BoardStyle Screen::style() const {
  BoardStyle style;
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
    style.width = size.ws_col, style.height = size.ws_row;
  style.colour = environment("NO_COLOR").empty();
  style.utf8 = speaks_utf8();
  return style;
}

void Screen::draw(const std::vector<std::string>& lines) {
  std::string frame = "\x1b[H";
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) frame += "\r\n";
    frame += lines[i] + "\x1b[K";
  }
  put(frame + "\x1b[J");
}

}  // namespace headroom::demo
