// The parts of the API, one function for each api_*.cpp: its rows, which live as long as the program.
#pragma once

#include "lua/binding.h"

namespace trapline::lua {

const LibraryRow& run_library();  // api_run.cpp

}  // namespace trapline::lua
