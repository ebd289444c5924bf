// `trapline view` of a build without the window.
#pragma once

#include "cli/view.h"

namespace trapline::cli {

int view_without_window(const ViewCommand& command);

}  // namespace trapline::cli
