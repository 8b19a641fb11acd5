#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cli/demo_board.h"
#include "cli/demo_screen.h"

namespace headroom::demo {

// Where the demo tells what happens: a board that is drawn anew a few times a second, or lines on standard output. One thread.
class Show {
 public:
  Show(bool plain, const std::string& log_file);

  bool drawing() const { return screen_ != nullptr; }
  // What a person should not miss.
  void say(const std::string& line);
  // One of many: as lines, at most two a second.
  void mention(const std::string& line);
  // Draws, or now and then says how things stand.
  void show(Board& board);
  // Back to plain lines, for good.
  void close() { screen_.reset(); }

 private:
  using Clock = std::chrono::steady_clock;
  void print(const std::string& line) const;

  std::unique_ptr<Screen> screen_;
  const Clock::time_point opened_ = Clock::now();
  std::string headline_;
  Clock::time_point drawn_;
  Clock::time_point summed_ = Clock::now();
  Clock::time_point mentioned_;
  int mentions_ = 0;
  uint64_t unmentioned_ = 0;
};

}  // namespace headroom::demo
