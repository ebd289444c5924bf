#include "visualizer/widgets/theme.h"

#include <imgui.h>

namespace trapline::window {

namespace {

constexpr Theme dark{
    .name = ThemeName::dark,
    .background = colour(0x15, 0x18, 0x1d),
    .panel = colour(0x1b, 0x1f, 0x26),
    .raised = colour(0x26, 0x2c, 0x35),
    .line = colour(0x36, 0x3e, 0x4a),
    .text = colour(0xe4, 0xe7, 0xeb),
    .dim = colour(0x9f, 0xa9, 0xb6),
    .faint = colour(0x6b, 0x76, 0x85),
    .accent = colour(0x6c, 0xb6, 0xff),
    .on_accent = colour(0x0b, 0x16, 0x22),
    .selection = colour(0x6c, 0xb6, 0xff, 0x38),
    .changed = colour(0xf0, 0xc0, 0x5a),
    .good = colour(0x4c, 0xc3, 0x9a),
    .warning = colour(0xf0, 0xc0, 0x5a),
    .bad = colour(0xf2, 0x80, 0x60),
    .derived = colour(0x9f, 0xb8, 0xd8),
    .modelled = colour(0xc9, 0xa8, 0xd8),
    .classes = {colour(0xe6, 0x9f, 0x00), colour(0x56, 0xb4, 0xe9), colour(0x00, 0x9e, 0x73), colour(0xcc, 0x79, 0xa7),
                colour(0xf0, 0xe4, 0x42), colour(0xd5, 0x5e, 0x00), colour(0x7a, 0x86, 0x96), colour(0x4c, 0x56, 0x63)},
};

constexpr Theme light{
    .name = ThemeName::light,
    .background = colour(0xee, 0xf0, 0xf3),
    .panel = colour(0xfb, 0xfc, 0xfd),
    .raised = colour(0xe7, 0xea, 0xef),
    .line = colour(0xc9, 0xd0, 0xd9),
    .text = colour(0x1c, 0x22, 0x2b),
    .dim = colour(0x56, 0x61, 0x6f),
    .faint = colour(0x8a, 0x95, 0xa3),
    .accent = colour(0x0b, 0x5c, 0xad),
    .on_accent = colour(0xff, 0xff, 0xff),
    .selection = colour(0x0b, 0x5c, 0xad, 0x28),
    .changed = colour(0x9a, 0x5b, 0x00),
    .good = colour(0x00, 0x6b, 0x4c),
    .warning = colour(0x8a, 0x58, 0x00),
    .bad = colour(0xb0, 0x3a, 0x10),
    .derived = colour(0x2f, 0x55, 0x85),
    .modelled = colour(0x75, 0x3d, 0x8c),
    .classes = {colour(0xe6, 0x9f, 0x00), colour(0x2b, 0x93, 0xd1), colour(0x00, 0x8a, 0x64), colour(0xb8, 0x5a, 0x92),
                colour(0xb5, 0xa6, 0x00), colour(0xd5, 0x5e, 0x00), colour(0x8f, 0x99, 0xa6), colour(0xb9, 0xc0, 0xc9)},
};

ImVec4 vector(Colour from) { return ImGui::ColorConvertU32ToFloat4(from); }

void set_colours(const Theme& theme) {
  ImVec4* const colours = ImGui::GetStyle().Colors;
  const auto set = [&](ImGuiCol which, Colour value) { colours[which] = vector(value); };
  set(ImGuiCol_Text, theme.text);
  set(ImGuiCol_TextDisabled, theme.dim);
  set(ImGuiCol_WindowBg, theme.background);
  set(ImGuiCol_ChildBg, with_alpha(theme.panel, 0));
  set(ImGuiCol_PopupBg, theme.panel);
  set(ImGuiCol_Border, theme.line);
  set(ImGuiCol_FrameBg, theme.raised);
  set(ImGuiCol_FrameBgHovered, theme.line);
  set(ImGuiCol_FrameBgActive, theme.line);
  set(ImGuiCol_ScrollbarBg, with_alpha(theme.panel, 0));
  set(ImGuiCol_ScrollbarGrab, theme.line);
  set(ImGuiCol_ScrollbarGrabHovered, theme.faint);
  set(ImGuiCol_ScrollbarGrabActive, theme.faint);
  set(ImGuiCol_CheckMark, theme.accent);
  set(ImGuiCol_Button, theme.raised);
  set(ImGuiCol_ButtonHovered, theme.line);
  set(ImGuiCol_ButtonActive, theme.selection);
  set(ImGuiCol_Header, theme.selection);
  set(ImGuiCol_HeaderHovered, theme.selection);
  set(ImGuiCol_HeaderActive, theme.selection);
  set(ImGuiCol_Separator, theme.line);
  set(ImGuiCol_Tab, theme.raised);
  set(ImGuiCol_TabHovered, theme.line);
  set(ImGuiCol_TabActive, theme.panel);
  set(ImGuiCol_TableHeaderBg, theme.raised);
  set(ImGuiCol_TableBorderStrong, theme.line);
  set(ImGuiCol_TableBorderLight, with_alpha(theme.line, 0x80));
  set(ImGuiCol_TableRowBg, with_alpha(theme.panel, 0));
  set(ImGuiCol_TableRowBgAlt, with_alpha(theme.raised, 0x50));
  set(ImGuiCol_TextSelectedBg, theme.selection);
  set(ImGuiCol_NavHighlight, theme.accent);
  set(ImGuiCol_ModalWindowDimBg, with_alpha(theme.background, 0xa0));
}

}  // namespace

std::optional<ThemeName> theme_named(std::string_view name) {
  if (name == "light") return ThemeName::light;
  if (name == "dark") return ThemeName::dark;
  return std::nullopt;
}

std::string_view name_of(ThemeName name) { return name == ThemeName::light ? "light" : "dark"; }

Theme theme_of(ThemeName name) { return name == ThemeName::light ? light : dark; }

void apply(const Theme& theme, float scale) {
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  style.WindowPadding = {10, 8};
  style.FramePadding = {7, 3};
  style.ItemSpacing = {8, 5};
  style.ItemInnerSpacing = {6, 4};
  style.CellPadding = {6, 2};
  style.ScrollbarSize = 12;
  style.WindowRounding = style.ChildRounding = style.PopupRounding = 0;
  style.FrameRounding = style.GrabRounding = style.TabRounding = 3;
  style.ScrollbarRounding = 6;
  style.WindowBorderSize = 0;
  style.ScaleAllSizes(scale);
  style.AntiAliasedLinesUseTex = false;  // the software renderer samples the atlas for glyphs alone
  set_colours(theme);
}

}  // namespace trapline::window
