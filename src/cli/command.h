#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

// A subcommand of `headroom` is one file of this folder with one function that describes it, named in commands.h and listed in commands.cc:
//
//   struct LagOptions { ConfigOptions config; bool json = false; };      // see cli/config_file.h
//
//   Command lag_command() {
//     return {"lag", "Show how far consumers are behind.", "  headroom lag --config prod.json\n", [](CLI::App& app) {
//               auto options = std::make_shared<LagOptions>();
//               add_config_options(app, options->config);
//               app.add_flag("--json", options->json, "JSON instead of a table");
//               return [options] { return lag(*options); };
//             }};
//   }
//
// --help, shell completion and --log-level, --log-format come by themselves. What was asked for goes to standard output, everything else to
// standard error.
namespace headroom {

// What a command ends with.
enum ExitCode : int {
  kExitFine = 0,
  kExitFound = 1,    // it worked, and what it checked is not as it should be
  kExitUsage = 2,    // bad usage or configuration
  kExitOutside = 3,  // a final fault outside: not authorised, slot in use, gone for good
};

struct Command {
  std::string_view name;
  std::string_view text;      // one sentence
  std::string_view examples;  // lines of "  headroom ...", for the end of --help
  // Adds its options; what it returns runs it, after they were parsed, and gives the exit code.
  std::function<std::function<int()>(CLI::App&)> setup;
};

// Writes "headroom: " and a sentence to standard error; gives the code, for `return fail(...)`.
int fail(ExitCode code, std::string_view sentence);

}  // namespace headroom
