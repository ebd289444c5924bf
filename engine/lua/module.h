// Modules for `require`: NAME.lua of one folder, and nothing else on this host.
#pragma once

#include <string>

#include "base/result.h"

namespace trapline::lua {

// A name is letters, digits, - and _ only, so that no path can be said.
Result<std::string> read_module(const std::string& folder, const std::string& name);
// A script's text; a first line that begins with # is left empty.
Result<std::string> read_script(const std::string& path);

}  // namespace trapline::lua
