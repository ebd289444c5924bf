// `trapline view`: a window where there is a display, a picture where one is asked for or where there is none.
#pragma once

#include "cli/view.h"

namespace trapline::window {

int view(const cli::ViewCommand& command);

}  // namespace trapline::window
