#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "headroom/status.h"

namespace headroom {

struct ChildOptions {
  std::vector<std::string> command;  // program (a path, or looked up in PATH) and its arguments
  std::string log_file;              // takes its output, appended
};

// A process of our own: killed by the kernel when the thread that started it ends, in a process group of its own so that a terminal's
// Ctrl-C does not reach it, without our files. Ended with SIGKILL when this object goes. One thread.
class Child {
 public:
  // kNotFound: no such program. kInternal: the system has no room for it.
  static Result<Child> start(const ChildOptions& options);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }
  bool running();
  // Nothing when it has ended.
  void signal(int number);
  // Exit status as a shell has it (128 + signal); none when it still runs after `timeout_ms`.
  std::optional<int> wait(int timeout_ms);

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  void look(bool block);

  pid_t pid_ = -1;
  std::optional<int> status_;
};

}  // namespace headroom
