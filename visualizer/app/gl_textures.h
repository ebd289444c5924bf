// Pictures as textures of OpenGL, for the window. The context that is current when they are made must still be so when
// the last one is dropped.
#pragma once

#include "visualizer/render/picture_store.h"

namespace trapline::window {

using GlFunction = void (*)();
// Finds a function of OpenGL by its name, as glfwGetProcAddress does. Null where one of them is not there.
std::unique_ptr<TextureMaker> gl_textures(GlFunction (*find)(const char* name));

}  // namespace trapline::window
