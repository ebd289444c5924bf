// Every action of the window, each with its key: what the palette lists, the help shows and the keyboard does.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "visualizer/render/imgui_input.h"
#include "visualizer/words/words.h"

namespace trapline::window {

class Shell;

enum class Modifier : u8 { none, shift, control, alt };

struct KeyStroke {
  Key key{};
  Modifier modifier = Modifier::none;
};

struct Command {
  std::string_view name;  // for tests and for the palette's search
  Text title;
  KeyStroke stroke;
  void (*run)(Shell& shell);
  bool needs_trace = true;
};

std::span<const Command> all_commands();
// `Ctrl+P`, `Shift+N`, `←`.
std::string text_of(const KeyStroke& stroke);

}  // namespace trapline::window
