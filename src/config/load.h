#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/declare.h"
#include "config/json_tree.h"
#include "config/settings_reader.h"
#include "config/settings_values.h"

// From the text of a configuration to a Config, and from the declaration to its schema and reference. No I/O: reading files is
// cli/config_file.h's. Any thread.
namespace headroom {

struct ConfigText {
  std::string_view text;
  // "path=value" each, on top of the text: a value that is JSON is taken as such, any other as a string. The rest of a path behind a part
  // that ends in "properties" is one name, so "kafka.properties.security.protocol=SSL" works; other names with dots stand in double quotes.
  std::span<const std::string> sets;
};

struct LoadedConfig {
  Config config;
  JsonNode given;  // what was read, after the sets
};

// none when there was any mistake; all of them are appended.
std::optional<LoadedConfig> load_config_text(const ConfigText& text, std::span<const TopologyDeclaration> topologies,
                                             const ResolveReference& resolve, std::vector<Mistake>& mistakes);

std::vector<EffectiveSetting> effective_config(const LoadedConfig& loaded, std::span<const TopologyDeclaration> topologies);

std::string config_schema(std::span<const TopologyDeclaration> topologies);
std::string config_reference(std::span<const TopologyDeclaration> topologies);

}  // namespace headroom
