#include "cli/commands.h"

namespace headroom {

std::vector<Command> commands() {
  return {
      check_command(), describe_command(), replay_command(), feed_command(), schema_command(), completion_command(), version_command(),
  };
}

}  // namespace headroom
