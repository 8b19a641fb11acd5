#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/json_tree.h"
#include "config/settings.h"

namespace headroom {

// One setting as it takes effect.
struct EffectiveSetting {
  std::string path;    // "kafka.brokers"
  std::string value;   // JSON; "***" for a secret that is set
  std::string origin;  // default, file or --set
};

// Every setting with its value and where it comes from: `given` is what was read, after `--set`. Secrets, and properties whose names sound
// like one, are hidden.
std::vector<EffectiveSetting> effective_settings(const std::function<void(SettingVisitor&)>& declare_all, const JsonNode& given);

// All values as one JSON object on one line, in the order of the declaration: read_settings_text() of it gives the same values, so equal
// settings have equal text however they were written. Secrets are hidden here, too: for sections without any.
std::string settings_text(const std::function<void(SettingVisitor&)>& declare_all);

}  // namespace headroom
