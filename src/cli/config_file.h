#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/settings_reader.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headroom {

// --config FILE and --set path=value, as every command that needs a configuration has them.
struct ConfigOptions {
  std::string path;  // empty: every setting at its default, and right_sizing alone
  std::vector<std::string> sets;
};

void add_config_options(CLI::App& app, ConfigOptions& options, bool required = true);

// Reads the file and what it refers to; opens no connection. none with every mistake appended when there is any. Paths within the file are
// relative to the working directory.
std::optional<LoadedConfig> load_config(const ConfigOptions& options, std::vector<Mistake>& mistakes);

// The same; prints the mistakes to standard error. On none the command ends with kExitUsage.
std::optional<LoadedConfig> load_or_explain(const ConfigOptions& options);

// What a reference names: a file's content without line ends behind it, or an environment variable's. kNotFound or kInvalid with one
// sentence.
Result<std::string> resolve_reference(const Reference& reference);

// The whole of a file; kNotFound or kInvalid with one sentence.
Result<std::string> read_whole_file(const std::string& path, size_t most_bytes);

}  // namespace headroom
