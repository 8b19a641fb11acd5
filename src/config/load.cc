#include "config/load.h"

#include <utility>

#include "config/assignment.h"
#include "config/settings_reference.h"
#include "config/settings_schema.h"

namespace headroom {

std::optional<LoadedConfig> load_config_text(const ConfigText& text, std::span<const TopologyDeclaration> topologies,
                                             const ResolveReference& resolve, std::vector<Mistake>& mistakes) {
  const size_t before = mistakes.size();
  auto given = read_json(text.text, mistakes);
  if (!given) return std::nullopt;
  for (const auto& assignment : text.sets) assign(*given, assignment, mistakes);
  LoadedConfig loaded{.config = {}, .given = std::move(*given)};
  read_settings(
      loaded.given, {}, [&](SettingVisitor& visitor) { declare_config(visitor, loaded.config, topologies); }, resolve, mistakes);
  if (mistakes.size() > before) return std::nullopt;
  return loaded;
}

std::vector<EffectiveSetting> effective_config(const LoadedConfig& loaded, std::span<const TopologyDeclaration> topologies) {
  Config config = loaded.config;
  return effective_settings([&](SettingVisitor& visitor) { declare_config(visitor, config, topologies); }, loaded.given);
}

std::string config_schema(std::span<const TopologyDeclaration> topologies) {
  Config config;
  return settings_schema([&](SettingVisitor& visitor) { declare_config(visitor, config, topologies); }, "Configuration of Headroom");
}

std::string config_reference(std::span<const TopologyDeclaration> topologies) {
  Config config;
  return "# Configuration\n\nGenerated from the declarations by `headroom schema --reference`; a test keeps it true. JSON with `//` and "
         "`/* */` comments and "
         "trailing commas. Unknown keys are mistakes. Durations and sizes have units. A text may stand elsewhere: `{\"env\": \"NAME\", "
         "\"default\": \"text\"}` "
         "or `{\"file\": \"path\"}`.\n\n" +
         settings_reference([&](SettingVisitor& visitor) { declare_config(visitor, config, topologies); });
}

}  // namespace headroom
