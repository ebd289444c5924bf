// What the window can show.
#pragma once

#include <string>
#include <vector>

#include "visualizer/words/words.h"

namespace trapline::window {

// Every text of a language: what the fonts' atlas is made from.
std::vector<std::string> texts_of(Language language);

}  // namespace trapline::window
