#include "cli/no_window.h"

#include "cli/commands.h"

namespace trapline::cli {

int view_without_window(const ViewCommand&) {
  return report_error(
      unavailable("this build has no window, since Dear ImGui or GLFW was not there; run scripts/start, which "
                  "installs them, or use "
                  "`trapline show` and `trapline events`"));
}

}  // namespace trapline::cli
