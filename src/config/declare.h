#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "config/config.h"
#include "config/settings.h"

namespace headroom {

// A topology as the configuration sees it; the table of them is topologies/registry.h.
struct TopologyDeclaration {
  std::string_view name;
  std::string_view text;  // one sentence
  // New parameters at their defaults: the function names them to a visitor.
  std::function<std::function<void(SettingVisitor&)>()> make_params;
};

void declare(SettingVisitor& visitor, KafkaConfig& config);
void declare(SettingVisitor& visitor, RedisConfig& config);
void declare(SettingVisitor& visitor, HttpConfig& config);
void declare(SettingVisitor& visitor, EngineConfig& config);
void declare(SettingVisitor& visitor, SpotConfig& config);
void declare(SettingVisitor& visitor, LagLabelsConfig& config);
void declare(SettingVisitor& visitor, LagSourceConfig& config);

// Names every setting of an installation. Topologies that a reader finds are added to config.topologies, without their parameters' text.
void declare_config(SettingVisitor& visitor, Config& config, std::span<const TopologyDeclaration> topologies);

}  // namespace headroom
