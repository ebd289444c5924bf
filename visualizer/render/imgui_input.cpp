// One half per way of input; Dear ImGui took both between 1.87 and 1.88.
#include "visualizer/render/imgui_input.h"

#include <cassert>
#include <imgui_freetype.h>

namespace trapline::window {

#if IMGUI_VERSION_NUM >= 18900

namespace {

ImGuiKey offset(ImGuiKey from, Key key, Key first) {
  return static_cast<ImGuiKey>(from + static_cast<int>(key) - static_cast<int>(first));
}

constexpr struct {
  Key key;
  ImGuiKey name;
} names[] = {
    {Key::space, ImGuiKey_Space},
    {Key::comma, ImGuiKey_Comma},
    {Key::minus, ImGuiKey_Minus},
    {Key::period, ImGuiKey_Period},
    {Key::slash, ImGuiKey_Slash},
    {Key::equal, ImGuiKey_Equal},
    {Key::left_bracket, ImGuiKey_LeftBracket},
    {Key::right_bracket, ImGuiKey_RightBracket},
    {Key::escape, ImGuiKey_Escape},
    {Key::enter, ImGuiKey_Enter},
    {Key::tab, ImGuiKey_Tab},
    {Key::backspace, ImGuiKey_Backspace},
    {Key::insert, ImGuiKey_Insert},
    {Key::delete_, ImGuiKey_Delete},
    {Key::right, ImGuiKey_RightArrow},
    {Key::left, ImGuiKey_LeftArrow},
    {Key::down, ImGuiKey_DownArrow},
    {Key::up, ImGuiKey_UpArrow},
    {Key::page_up, ImGuiKey_PageUp},
    {Key::page_down, ImGuiKey_PageDown},
    {Key::home, ImGuiKey_Home},
    {Key::end, ImGuiKey_End},
    {Key::keypad_enter, ImGuiKey_KeypadEnter},
    {Key::left_shift, ImGuiKey_LeftShift},
    {Key::left_control, ImGuiKey_LeftCtrl},
    {Key::left_alt, ImGuiKey_LeftAlt},
};

ImGuiKey name_of(Key key) {
  if (key >= Key::a && key <= Key::z) return offset(ImGuiKey_A, key, Key::a);
  if (key >= Key::digit_0 && key <= digit(9)) return offset(ImGuiKey_0, key, Key::digit_0);
  if (key >= Key::f1 && key <= Key::f12) return offset(ImGuiKey_F1, key, Key::f1);
  for (const auto& row : names)
    if (row.key == key) return row.name;
  return ImGuiKey_None;
}

}  // namespace

// Events of one frame arrive in that frame, as fields did.
void prepare_input(ImGuiIO& io) { io.ConfigInputTrickleEventQueue = false; }

void put_mouse(ImGuiIO& io, float x, float y) { io.AddMousePosEvent(x, y); }
void pin_mouse(ImGuiIO&, float, float) {}
void put_button(ImGuiIO& io, int button, Press press) { io.AddMouseButtonEvent(button, press == Press::down); }
void put_wheel(ImGuiIO& io, float lines) { io.AddMouseWheelEvent(0, lines); }

void put_key(ImGuiIO& io, Key key, Press press) {
  const bool down = press == Press::down;
  if (key == Key::left_control) io.AddKeyEvent(ImGuiMod_Ctrl, down);
  if (key == Key::left_shift) io.AddKeyEvent(ImGuiMod_Shift, down);
  if (key == Key::left_alt) io.AddKeyEvent(ImGuiMod_Alt, down);
  io.AddKeyEvent(name_of(key), down);
}

bool is_key_down(Key key) { return ImGui::IsKeyDown(name_of(key)); }
bool is_key_pressed(Key key, Repeat repeat) { return ImGui::IsKeyPressed(name_of(key), repeat == Repeat::yes); }

#else

void prepare_input(ImGuiIO& io) {
  constexpr struct {
    int name;
    Key key;
  } rows[] = {
      {ImGuiKey_Tab, Key::tab},
      {ImGuiKey_LeftArrow, Key::left},
      {ImGuiKey_RightArrow, Key::right},
      {ImGuiKey_UpArrow, Key::up},
      {ImGuiKey_DownArrow, Key::down},
      {ImGuiKey_PageUp, Key::page_up},
      {ImGuiKey_PageDown, Key::page_down},
      {ImGuiKey_Home, Key::home},
      {ImGuiKey_End, Key::end},
      {ImGuiKey_Insert, Key::insert},
      {ImGuiKey_Delete, Key::delete_},
      {ImGuiKey_Backspace, Key::backspace},
      {ImGuiKey_Space, Key::space},
      {ImGuiKey_Enter, Key::enter},
      {ImGuiKey_Escape, Key::escape},
      {ImGuiKey_KeyPadEnter, Key::keypad_enter},
      {ImGuiKey_A, letter('a')},
      {ImGuiKey_C, letter('c')},
      {ImGuiKey_V, letter('v')},
      {ImGuiKey_X, letter('x')},
      {ImGuiKey_Y, letter('y')},
      {ImGuiKey_Z, letter('z')},
  };
  for (const auto& row : rows) io.KeyMap[row.name] = static_cast<int>(row.key);
}

void put_mouse(ImGuiIO& io, float x, float y) { io.MousePos = ImVec2(x, y); }
void pin_mouse(ImGuiIO& io, float x, float y) { put_mouse(io, x, y); }

void put_button(ImGuiIO& io, int button, Press press) {
  assert(button >= 0 && button < ImGuiMouseButton_COUNT);
  io.MouseDown[button] = press == Press::down;
}

void put_wheel(ImGuiIO& io, float lines) { io.MouseWheel += lines; }

void put_key(ImGuiIO& io, Key key, Press press) {
  const bool down = press == Press::down;
  if (key == Key::left_control) io.KeyCtrl = down;
  if (key == Key::left_shift) io.KeyShift = down;
  if (key == Key::left_alt) io.KeyAlt = down;
  io.KeysDown[static_cast<int>(key)] = down;
}

bool is_key_down(Key key) { return ImGui::IsKeyDown(static_cast<int>(key)); }
bool is_key_pressed(Key key, Repeat repeat) {
  return ImGui::IsKeyPressed(static_cast<int>(key), repeat == Repeat::yes);
}

#endif

#if IMGUI_VERSION_NUM >= 19200
void choose_font_builder(ImFontAtlas& atlas) { atlas.SetFontLoader(ImGuiFreeType::GetFontLoader()); }
#else
void choose_font_builder(ImFontAtlas& atlas) { atlas.FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType(); }
#endif

}  // namespace trapline::window
