#pragma once

#include <string>
#include <vector>

#include "cli/demo_board.h"

namespace headroom::demo {

// The terminal while the demo draws on it: another screen without a cursor, so that what stood there comes back when this object goes.
// Standard error goes to `log_file` meanwhile. One at a time; one thread.
class Screen {
 public:
  explicit Screen(const std::string& log_file);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Whether standard output is a terminal that can be drawn on.
  static bool possible();
  BoardStyle style() const;  // the size is that of this moment
  void draw(const std::vector<std::string>& lines);

 private:
  int stderr_ = -1;
};

}  // namespace headroom::demo
