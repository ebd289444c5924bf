// `trapline new-lab`: a lab to begin with.
#include "lab/new_lab.h"

#include <cstdio>

#include "cli/commands.h"
#include "lab/words.h"

namespace trapline::cli {

int new_lab(const NewLabCommand& command) {
  const auto made = lab::new_lab(command.name);
  if (!made) return report_error(made.error());
  std::printf("Made\n");
  for (const std::string& file : *made) std::printf("  %s\n", file.c_str());
  std::printf(
      "\nNext\n  labs/WRITING.md tells how a lab is written\n"
      "  %s lint-lab %s    says what is still missing\n  %s check %s    what a learner sees first\n",
      lab::program, command.name.c_str(), lab::program, command.name.c_str());
  return 0;
}

}  // namespace trapline::cli
