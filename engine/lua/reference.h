// The reference page and the LuaLS annotations, generated from the rows of the bindings and from nothing else.
#pragma once

#include <string>

#include "lua/binding.h"

namespace trapline::lua {

std::string reference_page(const Api& api);     // Markdown: scripts/lua/REFERENCE.md
std::string luals_annotations(const Api& api);  // scripts/lua/trapline.d.lua

}  // namespace trapline::lua
