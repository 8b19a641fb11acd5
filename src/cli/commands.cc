#include "cli/commands.h"

namespace headroom {

std::vector<Command> commands() {
  return {
      run_command(),   lag_source_command(), check_command(),    describe_command(),   replay_command(),
      feed_command(),  collect_command(),    ticks_command(),    verify_command(),     explain_command(),
      lag_command(),   forecast_command(),   backtest_command(), train_command(),      tune_command(),
      state_command(), demo_command(),       schema_command(),   completion_command(), version_command(),
  };
}

}  // namespace headroom
