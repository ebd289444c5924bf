// Modules for `require`: NAME.lua of a few folders, and nothing else on this host.
#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace trapline::lua {

// A name is letters, digits, - and _ only, so that no path can be said.
// The first folder that has it.
Result<std::string> read_module(std::span<const std::string> folders, const std::string& name);
// A script's text; a first line that begins with # is left empty.
Result<std::string> read_script(const std::string& path);

}  // namespace trapline::lua
