#pragma once

#include <functional>
#include <string>

#include "config/settings.h"

namespace headroom {

// JSON Schema (draft 2020-12) of what is declared, with defaults and descriptions, indented. It allows what the reader allows, but for
// bounds of durations and sizes, relations between settings and lengths in bytes: those only the reader checks.
std::string settings_schema(const std::function<void(SettingVisitor&)>& declare_all, std::string_view title);

}  // namespace headroom
