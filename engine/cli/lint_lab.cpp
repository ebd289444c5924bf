// `trapline lint-lab`: what a lab must be before learners get it.
#include <cstdio>

#include "cli/commands.h"
#include "lab/lint.h"
#include "lab/scratch.h"

namespace trapline::cli {

int lint_lab(const LintLabCommand& command) {
  const auto place = lab::find_lab(command.lab);
  if (!place) return report_error(place.error());
  const auto offences = lab::lint(*place);
  if (!offences) {
    const int code = report_error(offences.error());
    return lab::Scratch::interrupted() ? 130 : code;
  }
  for (const std::string& offence : *offences) std::printf("%s: %s\n", place->name.c_str(), offence.c_str());
  if (offences->empty()) std::printf("%s: nothing to mend\n", place->name.c_str());
  return offences->empty() ? 0 : 1;
}

}  // namespace trapline::cli
