// `trapline script` and `trapline reference`: free Lua over runs and traces, and the pages that describe what it
// offers.
#pragma once

#include <string>
#include <vector>

namespace trapline::cli {

struct ScriptCommand {
  std::vector<std::string> words;  // FILE and its arguments; none: the prompt
  std::string code;                // -e
};

struct ReferenceCommand {
  std::string page;
};

int script(const ScriptCommand& command);
int reference(const ReferenceCommand& command);

}  // namespace trapline::cli
