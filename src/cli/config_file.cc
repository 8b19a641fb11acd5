#include "cli/config_file.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/concat.h"
#include "cli/command.h"
#include "topologies/registry.h"

namespace headroom {
namespace {

constexpr size_t kMostConfigBytes = 16 << 20;
constexpr size_t kMostReferenceBytes = 1 << 20;
constexpr const char* kDefaultText = R"({"topologies": {"right_sizing": {}}})";

}  // namespace

void add_config_options(CLI::App& app, ConfigOptions& options, bool required) {
  auto* config = app.add_option("-c,--config", options.path, "Configuration: JSON with comments, see config/REFERENCE.md");
  config->type_name("FILE")->required(required);
  app.add_option("--set", options.sets, "A setting on top of the file, as in kafka.brokers=127.0.0.1:9092; may be repeated")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->take_all();
}

Result<std::string> read_whole_file(const std::string& path, size_t most_bytes) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string content;
  char buffer[1 << 14];
  while (in && content.size() <= most_bytes) {
    in.read(buffer, sizeof buffer);
    content.append(buffer, static_cast<size_t>(in.gcount()));
  }
  if (!in.eof() && content.size() <= most_bytes) {
    const int error = errno;
    return Status(error == ENOENT ? Code::kNotFound : Code::kInvalid,
                  concat("cannot read ", path, ": ", std::strerror(error == 0 ? EIO : error)));
  }
  if (content.size() > most_bytes) return Status(Code::kInvalid, concat(path, " is larger than ", std::to_string(most_bytes), " bytes"));
  return content;
}

Result<std::string> resolve_reference(const Reference& reference) {
  if (reference.kind == Reference::Kind::kEnvironment) {
    const char* value = std::getenv(reference.name.c_str());
    if (!value) return Status(Code::kNotFound, concat("the environment variable ", reference.name, " is not set"));
    return std::string(value);
  }
  auto content = read_whole_file(reference.name, kMostReferenceBytes);
  if (!content) return content;
  while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
  return content;
}

std::optional<LoadedConfig> load_config(const ConfigOptions& options, std::vector<Mistake>& mistakes) {
  std::string text = kDefaultText;
  if (!options.path.empty()) {
    auto content = read_whole_file(options.path, kMostConfigBytes);
    if (!content) {
      mistakes.push_back({{1, 1}, {}, content.status().message()});
      return std::nullopt;
    }
    text = std::move(*content);
  }
  return load_config_text({text, options.sets}, topology_declarations(), resolve_reference, mistakes);
}

std::optional<LoadedConfig> load_or_explain(const ConfigOptions& options) {
  std::vector<Mistake> mistakes;
  auto loaded = load_config(options, mistakes);
  for (const auto& mistake : mistakes) std::fprintf(stderr, "%s\n", mistake.to_string(options.path).c_str());
  if (!mistakes.empty()) {
    fail(kExitUsage, concat(std::to_string(mistakes.size()), mistakes.size() == 1 ? " mistake" : " mistakes",
                            " in the configuration; nothing was started"));
  }
  return loaded;
}

}  // namespace headroom
