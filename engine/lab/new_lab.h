// A new lab from labs/TEMPLATE: its three files, its lesson and its solutions, with @NAME@ filled in.
#pragma once

#include <vector>

#include "base/result.h"

namespace trapline::lab {

// The files that were made. Errors: a name that is none, a lab that is there already, a folder that cannot be written.
Result<std::vector<std::string>> new_lab(const std::string& name);
// The same below another folder than the project's own.
Result<std::vector<std::string>> new_lab(const std::string& name, const std::string& home);

}  // namespace trapline::lab
