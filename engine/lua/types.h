// Types as rows write them, held against what a script gave.
#pragma once

#include "lua/binding.h"

namespace trapline::lua {

bool matches_type(lua_State* state, int index, std::string_view type);
// What lies at an index, for messages: "nil", "string", "Trace" ...
std::string type_at(lua_State* state, int index);
// Raises "OWNER NAME: argument 2 'filter' is a table; it must be a string".
void check_arguments(lua_State* state, const FunctionRow& row, const std::string& owner, int first);

}  // namespace trapline::lua
