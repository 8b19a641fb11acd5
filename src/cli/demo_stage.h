#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/child.h"
#include "cli/demo_workers.h"
#include "cli/temp_folder.h"
#include "config/config.h"
#include "headroom/topology.h"
#include "kafka/embedded.h"

namespace headroom::demo {

inline constexpr int kPartitions = 4;
inline constexpr const char* kTopology = "right_sizing";

// The servers, the configuration and the workers' processes of one demo; all of them end when it goes.
class Stage {
 public:
  // kNotFound: no redis-server. Other failures say what does not start.
  static Result<std::unique_ptr<Stage>> set(int workers);

  const Config& config() const { return config_; }
  const Topology& topology() const { return *topology_; }
  const std::string& action_topic() const { return action_topic_; }
  std::vector<WorkerProcess>& workers() { return workers_; }
  TempFolder& folder() { return folder_; }
  Status start_workers();
  // `headroom verify --oracle` over what the broker holds, in a process of its own: its exit code and what it printed.
  struct Verdict {
    int exit_code = -1;
    std::string text;
  };
  Result<Verdict> verify();

 private:
  explicit Stage(TempFolder folder) : folder_(std::move(folder)) {}
  Status start_servers();
  Status configure();

  TempFolder folder_;  // the last to go
  std::unique_ptr<EmbeddedBroker> broker_;
  std::optional<Child> redis_;
  Config config_;
  std::optional<Topology> topology_;
  std::string action_topic_;
  std::vector<WorkerProcess> workers_;
};

}  // namespace headroom::demo
