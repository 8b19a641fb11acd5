#include "cli/demo_board.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "base/concat.h"
#include "base/time_text.h"

namespace headroom::demo {
namespace {

constexpr double kCore = 1e6;
constexpr double kGibi = 1024.0 * 1024 * 1024;
constexpr double kCpuScale = 8 * kCore;
constexpr double kMemoryScale = 10 * kGibi;

// Parts of a row, in columns. What does not fit is left out from the right.
struct Columns {
  int name = 24;
  int kind = 6;
  int bar = 8;
  int command = 0;
  bool memory = true;
};
constexpr int kCpuText = 12;
constexpr int kLyingText = 7;
constexpr int kMemoryText = 12;
constexpr int kCommandText = 25;

std::string text(const char* format, ...) __attribute__((format(printf, 1, 2)));
std::string text(const char* format, ...) {
  char buffer[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

std::string colour(std::string_view code, std::string_view what, const BoardStyle& style) {
  return style.colour && !what.empty() ? concat("\x1b[", code, "m", what, "\x1b[0m") : std::string(what);
}
constexpr std::string_view kBold = "1", kDim = "2", kRed = "31", kGreen = "32", kYellow = "33", kCyan = "36";

std::string pad(std::string_view what, int width) {
  std::string cell = clip(what, width);
  cell.append(static_cast<size_t>(std::max(width - visible_width(cell), 0)), ' ');
  return cell;
}

Columns columns_of(int width) {
  Columns c;
  const int fixed = c.name + c.kind + kCpuText + kLyingText;
  int rest = width - fixed - kMemoryText;
  if (rest < 2 * c.bar) {
    c.memory = false;
    c.bar = std::max(width - fixed, 0);
    return c;
  }
  if (rest >= kCommandText + 2 * 10) c.command = kCommandText, rest -= kCommandText;
  c.bar = std::min(rest / 2, 40);
  return c;
}

bool continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// Where the escape sequence at `at` ends.
size_t escape_end(std::string_view line, size_t at) {
  size_t end = at + 1;
  if (end < line.size() && line[end] == '[') ++end;
  while (end < line.size() && !(line[end] >= '@' && line[end] <= '~')) ++end;
  return std::min(end + 1, line.size());
}

std::string header(const Columns& c) {
  std::string line =
      concat(pad("container", c.name), pad("", c.kind), pad("cpu: used of reserved", c.bar + kCpuText), pad("lying", kLyingText));
  if (c.memory) line += pad("memory", c.bar + kMemoryText);
  if (c.command > 0) line += "last command";
  return line;
}

std::string row(const Container& one, const Columns& c, const BoardStyle& style) {
  const std::string name =
      one.target.substr(one.target.find('/') + 1, one.target.find("/Deployment/") - one.target.find('/') - 1) + "/" + one.name;
  const double lying = one.cpu_lying_micro() / kCore;
  std::string line =
      concat(pad(name, c.name - 1), " ", colour(kDim, pad(temper_name(one.temper), c.kind), style),
             draw_bar(one.cpu_mean_micro, static_cast<double>(one.cpu_reserved_micro), kCpuScale, c.bar - 1, style), " ",
             pad(text("%.2f/%.2f", one.cpu_mean_micro / kCore, static_cast<double>(one.cpu_reserved_micro) / kCore), kCpuText),
             colour(lying > 0.6    ? kYellow
                    : lying < -0.1 ? kRed
                                   : kGreen,
                    pad(text("%+.2f", lying), kLyingText), style));
  if (c.memory)
    line +=
        concat(draw_bar(one.memory_mean_bytes, static_cast<double>(one.memory_reserved_bytes), kMemoryScale, c.bar - 1, style), " ",
               pad(text("%.2f/%.2fG", one.memory_mean_bytes / kGibi, static_cast<double>(one.memory_reserved_bytes) / kGibi), kMemoryText));
  if (c.command > 0) line += one.last_command;
  return line;
}

std::string worker_line(const WorkerView& worker, const BoardStyle& style) {
  int64_t behind = 0;
  std::string lanes;
  for (const auto& lane : worker.lanes) {
    behind += std::max<int64_t>(lane.log_end - lane.committed, 0);
    lanes += concat(" ", lane.lane.substr(lane.lane.rfind('/') + 1), lane.phase == "live" ? "" : concat("(", lane.phase, ")"));
  }
  if (!worker.running) return concat("  ", worker.slot, "  ", colour(kRed, worker.killed ? "killed with SIGKILL" : "ended", style));
  return concat("  ", worker.slot, "  process ", std::to_string(worker.pid), "  ",
                worker.lanes.empty() ? colour(kYellow, "no lanes", style) : concat(colour(kGreen, "lanes", style), lanes), "  ",
                std::to_string(behind), " records behind");
}

std::vector<std::string> top_lines(const Board& b, const BoardStyle& style) {
  const double lying_before = b.before.cpu_reserved_cores - b.before.cpu_used_cores;
  const double lying = b.now.cpu_reserved_cores - b.now.cpu_used_cores;
  return {concat(colour(kBold, "headroom demo", style), "  event time ", format_rfc3339(b.time_ms / 1000 * 1000),
                 text(", %.0f times the clock's", b.speed), text("  %.0f s", b.seconds)),
          colour(kCyan, b.headline, style),
          text("fleet: %.1f cores reserved, %.1f used: a lying factor of %+.1f, at first %+.1f; memory %.0f GiB reserved, %.0f used",
               b.now.cpu_reserved_cores, b.now.cpu_used_cores, lying, lying_before, b.now.memory_reserved_bytes / kGibi,
               b.now.memory_used_bytes / kGibi),
          ""};
}

std::vector<std::string> bottom_lines(const Board& b, const BoardStyle& style, size_t recent) {
  std::vector<std::string> lines = {
      "", concat(text("commands: %zu  repeated: %zu  ", static_cast<size_t>(b.commands), static_cast<size_t>(b.repeated)),
                 colour(b.wrong == 0 ? kGreen : kRed, text("wrong: %zu", static_cast<size_t>(b.wrong)), style),
                 text("  (records in: %zu, broken ones among them: %zu)", static_cast<size_t>(b.records), static_cast<size_t>(b.broken)))};
  for (size_t i = 0; i < std::min(recent, b.recent.size()); ++i) lines.push_back("  " + b.recent[i]);
  lines.push_back("workers");
  for (const auto& worker : b.workers) lines.push_back(worker_line(worker, style));
  for (const auto& line : b.footer) lines.push_back(colour(kDim, line, style));
  return lines;
}

}  // namespace

std::string draw_bar(double used, double reserved, double scale, int width, const BoardStyle& style) {
  if (width <= 0) return {};
  const auto cells = [&](double value) { return static_cast<int>(std::lround(std::clamp(value / scale, 0.0, 1.0) * width)); };
  const int full = cells(std::min(used, reserved));
  const int over = std::max(cells(used) - full, used > reserved * 1.001 ? std::min(1, width - full) : 0);
  const int free = std::max(cells(reserved) - full - over, 0);
  const auto repeat = [](std::string_view what, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += what;
    return out;
  };
  return concat(colour(kGreen, repeat(style.utf8 ? "█" : "#", full), style), colour(kRed, repeat(style.utf8 ? "▓" : "!", over), style),
                colour(kYellow, repeat(style.utf8 ? "░" : "-", free), style), repeat(" ", width - full - over - free));
}

int visible_width(std::string_view line) {
  int width = 0;
  for (size_t i = 0; i < line.size();) {
    if (line[i] == '\x1b') {
      i = escape_end(line, i);
    } else {
      width += continuation(line[i]) ? 0 : 1;
      ++i;
    }
  }
  return width;
}

std::string clip(std::string_view line, int width) {
  std::string out;
  bool coloured = false;
  int at = 0;
  for (size_t i = 0; i < line.size();) {
    if (line[i] == '\x1b') {
      const size_t end = escape_end(line, i);
      coloured = line.substr(i, end - i) != "\x1b[0m";
      out.append(line.substr(i, end - i));
      i = end;
      continue;
    }
    if (!continuation(line[i]) && ++at > width) break;
    out += line[i++];
  }
  return coloured ? out + "\x1b[0m" : out;
}

std::vector<std::string> draw_board(const Board& board, const BoardStyle& style) {
  const auto height = static_cast<size_t>(std::max(style.height, 1));
  std::vector<std::string> lines = top_lines(board, style);
  // Commands get a quarter of the lines, containers what then remains.
  const std::vector<std::string> bottom = bottom_lines(board, style, std::clamp<size_t>(height / 4, 2, 10));
  const size_t rows = board.containers == nullptr ? 0 : board.containers->size();
  const size_t taken = lines.size() + bottom.size() + 1;
  const size_t shown = std::min(rows, height > taken ? height - taken : 0);
  if (shown > 0) {
    const Columns columns = columns_of(style.width);
    lines.push_back(colour(kDim, header(columns), style));
    for (size_t i = 0; i + 1 < shown || (i < shown && shown == rows); ++i) lines.push_back(row((*board.containers)[i], columns, style));
    if (shown < rows) lines.push_back(colour(kDim, text("and %zu more containers", rows - shown + 1), style));
  }
  lines.insert(lines.end(), bottom.begin(), bottom.end());
  lines.resize(std::min(lines.size(), height));
  for (auto& line : lines) line = clip(line, style.width);
  return lines;
}

}  // namespace headroom::demo
