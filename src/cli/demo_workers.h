#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/child.h"
#include "headroom/status.h"

namespace headroom::demo {

struct LaneView {
  std::string lane;
  std::string phase;
  int64_t committed = -1;
  int64_t log_end = -1;
};

// A worker process, as its own log and HTTP tell.
struct WorkerView {
  std::string slot;
  pid_t pid = -1;
  bool running = false;
  bool killed = false;  // by the demo, and not started since
  std::string address;  // "127.0.0.1:port"; empty until it serves
  std::vector<LaneView> lanes;
};

// One `headroom run` in a process of its own.
class WorkerProcess {
 public:
  WorkerProcess(std::string binary, std::string config, std::string slot, std::string log_file)
      : binary_(std::move(binary)), config_(std::move(config)), slot_(std::move(slot)), log_file_(std::move(log_file)) {}

  Status start();
  void kill();                              // SIGKILL, and waits until it is gone
  void request_stop();                      // SIGTERM
  std::optional<int> wait(int timeout_ms);  // exit status; none: still runs, or was never started
  // Looks at the log and asks over HTTP; the lanes of the last answer stay when there is none.
  const WorkerView& look();
  const WorkerView& view() const { return view_; }
  const std::string& log_file() const { return log_file_; }

 private:
  void find_address();

  std::string binary_;
  std::string config_;
  std::string slot_;
  std::string log_file_;
  int64_t log_from_ = 0;  // where the log of this run begins
  std::optional<Child> child_;
  WorkerView view_;
};

// The lanes of /api/v1/status. kCorrupt: not what was expected.
Result<std::vector<LaneView>> parse_status(const std::string& json);

}  // namespace headroom::demo
