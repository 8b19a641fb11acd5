#pragma once

#include <functional>
#include <memory>
#include <span>

#include "cli/command.h"

namespace headroom {

// The command line as a whole: the tree of options, and what runs for the one that was chosen.
struct CommandLine {
  std::unique_ptr<CLI::App> app;
  std::function<int()> chosen;  // set while parsing

  CommandLine();
  ~CommandLine();
};

std::unique_ptr<CommandLine> make_command_line(std::span<const Command> commands);

// Parses, sets the log, runs; gives the exit code.
int run_command_line(int argc, const char* const* argv);

}  // namespace headroom
