// The parts of the API, one function for each api_*.cpp: its rows, which live as long as the program.
#pragma once

#include "lua/binding.h"

namespace trapline::lua {

const LibraryRow& run_library();
const LibraryRow& open_library();
const LibraryRow& compare_library();
const LibraryRow& code_library();
const LibraryRow& paging_library();
const LibraryRow& spec_library();
const ClassRow& comparison_class();

}  // namespace trapline::lua
