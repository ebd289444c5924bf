// What Dear ImGui's releases do differently, and nothing else: how input reaches it (fields of ImGuiIO up to 1.88,
// events since), and how the builder of fonts is chosen. Everything here works the same with each of them.
#pragma once

#include <imgui.h>
#include <string>

namespace trapline::window {

// Numbered as GLFW numbers its keys: ImGui 1.86 with its GLFW backend knows keys by those numbers only, and so a frame
// drawn without a window asks for the same ones.
enum class Key : int {
  space = 32,
  comma = 44,
  minus = 45,
  period = 46,
  slash = 47,
  digit_0 = 48,  // to digit_0 + 9
  equal = 61,
  a = 65,  // to z
  z = 90,
  left_bracket = 91,
  right_bracket = 93,
  escape = 256,
  enter,
  tab,
  backspace,
  insert,
  delete_,
  right,
  left,
  down,
  up,
  page_up,
  page_down,
  home,
  end,
  f1 = 290,  // to f12
  f12 = 301,
  keypad_enter = 335,
  left_shift = 340,
  left_control,
  left_alt,
};

constexpr Key letter(char lower_case) { return static_cast<Key>(lower_case - 'a' + 'A'); }
constexpr Key digit(int value) { return static_cast<Key>(static_cast<int>(Key::digit_0) + value); }
constexpr Key function_key(int number) { return static_cast<Key>(static_cast<int>(Key::f1) + number - 1); }

enum class Press { up, down };
enum class Repeat { no, yes };

// Once per context that no window feeds.
void prepare_input(ImGuiIO& io);

// Between frames.
void put_mouse(ImGuiIO& io, float x, float y);
void put_button(ImGuiIO& io, int button, Press press);
void put_wheel(ImGuiIO& io, float lines);
void put_key(ImGuiIO& io, Key key, Press press);

// Between a window's input and the frame: where the mouse was when its button went down. Releases up to 1.86 know only
// where it is now; since then they know by themselves.
void pin_mouse(ImGuiIO& io, float x, float y);

// Inside a frame.
bool is_key_down(Key key);
bool is_key_pressed(Key key, Repeat repeat);

// FreeType fits outlines to whole pixels, which stb_truetype, the default, does not.
void choose_font_builder(ImFontAtlas& atlas);

}  // namespace trapline::window
