// A fixed set of widgets and shapes, in English and Chinese: what the tests render and a human looks at.
#pragma once

#include <string>
#include <vector>

#include "visualizer/render/headless.h"

namespace trapline::window::test {

std::vector<std::string> sample_texts();
void draw_sample(const FontSet& fonts);

}  // namespace trapline::window::test
