// Colours by meaning, light and dark. The classes' colours are told apart by people of every colour vision (Okabe and
// Ito's set), and wherever a colour says something, a sign or a word says it too.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/integers.h"
#include "visualizer/render/picture.h"

namespace trapline::window {

enum class ThemeName : u8 { light, dark };
std::optional<ThemeName> theme_named(std::string_view name);
std::string_view name_of(ThemeName name);

// As ImGui and pictures pack it: red in the lowest byte.
using Colour = u32;
constexpr Colour with_alpha(Colour from, u8 alpha) { return (from & 0x00ffffffU) | static_cast<u32>(alpha) << 24; }

// Classes of things that happen; the order is that of trace overviews.
enum class Class : u8 { stops, walks, tlb, tables, io, interrupts, instructions, other, count_ };
inline constexpr std::size_t class_count = static_cast<std::size_t>(Class::count_);

struct Theme {
  ThemeName name = ThemeName::dark;
  Colour background, panel, raised, line;  // window, panel, headings and cells that stand out, borders
  Colour text, dim, faint;                 // text, less important text, rules and hints
  Colour accent, on_accent;                // the cursor, links, what can be pressed
  Colour selection;                        // behind what is selected, translucent
  Colour changed;                          // since the last stop; always with a sign beside it
  Colour good, warning, bad;
  Colour derived, modelled;  // provenance that is not `observed`; always with the word
  std::array<Colour, class_count> classes;

  Colour of(Class what) const { return classes[static_cast<std::size_t>(what)]; }
};

Theme theme_of(ThemeName name);
// Sets ImGui's style from the theme, sizes multiplied by `scale`.
void apply(const Theme& theme, float scale);

}  // namespace trapline::window
