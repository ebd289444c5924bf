// One sentence on standard error, and the exit code that labs, graders and tests rely on.
#include <cstdio>

#include "cli/commands.h"

namespace trapline::cli {

int report_error(const Error& error) {
  std::fprintf(stderr, "trapline: %s\n", error.sentence.c_str());
  switch (error.kind) {
    case ErrorKind::usage:
      return 2;
    case ErrorKind::unavailable:
      return 77;
    case ErrorKind::budget:
      return 124;
    case ErrorKind::internal:
      return 3;
  }
  return 3;
}

}  // namespace trapline::cli
