#pragma once

#include <vector>

#include "cli/command.h"

namespace headroom {

Command backtest_command();
Command check_command();
Command collect_command();
Command completion_command();
Command demo_command();
Command describe_command();
Command explain_command();
Command feed_command();
Command forecast_command();
Command lag_command();
Command lag_source_command();
Command replay_command();
Command run_command();
Command schema_command();
Command state_command();
Command ticks_command();
Command train_command();
Command tune_command();
Command verify_command();
Command version_command();

// All of them, in the order of --help.
std::vector<Command> commands();

}  // namespace headroom
