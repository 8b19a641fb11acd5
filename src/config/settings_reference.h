#pragma once

#include <functional>
#include <string>

#include "config/settings.h"

namespace headroom {

// The reference of what is declared, in Markdown: a table a section, and below it the relations that must hold.
std::string settings_reference(const std::function<void(SettingVisitor&)>& declare_all);

}  // namespace headroom
