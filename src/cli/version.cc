#include "base/version.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"

namespace headroom {

Command version_command() {
  return {"version", "Print the version and how it was built.", "  headroom version\n", [](CLI::App&) {
            return [] {
              std::printf("headroom %.*s (%s)\n", static_cast<int>(kVersion.size()), kVersion.data(), __VERSION__);
              return static_cast<int>(kExitFine);
            };
          }};
}

}  // namespace headroom
