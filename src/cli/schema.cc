#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "config/load.h"
#include "topologies/registry.h"

namespace headroom {

Command schema_command() {
  return {"schema", "Print the JSON Schema of the configuration, or its reference.",
          "  headroom schema > headroom.schema.json\n"
          "  headroom schema --reference > REFERENCE.md\n",
          [](CLI::App& app) {
            auto reference = std::make_shared<bool>(false);
            app.add_flag("--reference", *reference, "Markdown for people instead of the schema");
            return [reference] {
              const std::string text = *reference ? config_reference(topology_declarations()) : config_schema(topology_declarations());
              std::fputs(text.c_str(), stdout);
              return static_cast<int>(kExitFine);
            };
          }};
}

}  // namespace headroom
