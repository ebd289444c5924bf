// What the window can show, and places by name.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "trace/event_source.h"
#include "visualizer/words/words.h"

namespace trapline::window {

// Every text of a language: what the fonts' atlas is made from.
std::vector<std::string> texts_of(Language language);

// `4711`, `vm_exit#3` or `end` in a lane.
Result<u64> position_named(const trace::EventSource& source, const std::string& text);

}  // namespace trapline::window
