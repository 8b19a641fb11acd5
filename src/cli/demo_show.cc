#include "cli/demo_show.h"

#include <cstdio>

#include "base/concat.h"
#include "base/time_text.h"

namespace headroom::demo {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kDrawEvery{200};
constexpr milliseconds kSumEvery{5000};
constexpr int kMentionsASecond = 2;

std::string summary(const Board& b) {
  char line[256];
  std::snprintf(line, sizeof line,
                "event time %s: %zu records, %zu commands, %zu repeated, %zu wrong; %.1f cores reserved, %.1f used, lying factor %+.1f",
                format_rfc3339(b.time_ms / 1000 * 1000).c_str(), static_cast<size_t>(b.records), static_cast<size_t>(b.commands),
                static_cast<size_t>(b.repeated), static_cast<size_t>(b.wrong), b.now.cpu_reserved_cores, b.now.cpu_used_cores,
                b.now.cpu_reserved_cores - b.now.cpu_used_cores);
  return line;
}

}  // namespace

Show::Show(bool plain, const std::string& log_file) {
  if (!plain && Screen::possible()) screen_ = std::make_unique<Screen>(log_file);
}

void Show::print(const std::string& line) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - opened_).count();
  std::printf("[%6.1f s] %s\n", seconds, line.c_str());
  std::fflush(stdout);
}

void Show::say(const std::string& line) {
  headline_ = line;
  if (!drawing()) print(line);
}

void Show::mention(const std::string& line) {
  if (drawing()) return;
  if (Clock::now() - mentioned_ > milliseconds(1000)) {
    if (unmentioned_ > 0) print(concat("  ... and ", std::to_string(unmentioned_), " more"));
    mentioned_ = Clock::now();
    mentions_ = 0;
    unmentioned_ = 0;
  }
  if (++mentions_ <= kMentionsASecond)
    print("  " + line);
  else
    ++unmentioned_;
}

void Show::show(Board& board) {
  board.headline = headline_;
  if (drawing() && Clock::now() - drawn_ >= kDrawEvery) {
    drawn_ = Clock::now();
    screen_->draw(draw_board(board, screen_->style()));
  }
  if (!drawing() && Clock::now() - summed_ >= kSumEvery) {
    summed_ = Clock::now();
    print(summary(board));
  }
}

}  // namespace headroom::demo
