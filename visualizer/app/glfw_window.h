// The real window: GLFW and OpenGL around the shell.
#pragma once

#include "base/result.h"
#include "visualizer/app/shell.h"

namespace trapline::window {

// Whether a window could be opened here at all; otherwise a sentence.
Result<> display_there();
// Until the reader closes it. Errors: no display, no OpenGL 3.
Result<> run_window(Shell& shell);

}  // namespace trapline::window
