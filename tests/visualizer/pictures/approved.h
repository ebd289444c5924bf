// Approved pictures: approved/NAME.png beside this file. Letters depend on the releases of Dear ImGui, FreeType and the
// fonts; approved/MADE_WITH says which, and where the host has others nothing is compared.
#pragma once

#include <string>

#include "visualizer/render/picture.h"

namespace trapline::window::test {

// What this host draws letters with, a line each.
std::string made_with();

// Whether pictures may be compared here. Where not, it says so in a line that starts with SKIPPED, once.
bool comparable_here();

// Compares, and on a difference leaves the picture and what differs in the build folder, and fails with the way there.
// With TRAPLINE_REBASE=1 in the environment the picture is approved instead.
void check_approved(const std::string& name, const Picture& now);

// Not one colour all over: what is drawn differs from the background in many pixels.
bool is_blank(const Picture& picture);

// Whether the long proofs were asked for.
bool in_full();

}  // namespace trapline::window::test
