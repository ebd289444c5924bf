// What the reader chooses about the window: views and layouts, theme, language, size. All of it is remembered.
#include <algorithm>

#include "visualizer/app/shell.h"
#include "visualizer/app/texts.h"

namespace trapline::window {

void Shell::show_view(const std::string& name) {
  if (find_view(name) == nullptr) return;
  start_shown_ = start_shown_ && document_.empty();
  if (bring_up(layout_, name) == nullptr) add_view(layout_, name);
  view_ = name;
  settings_.layouts[settings_.preset] = text_of(layout_);
}

void Shell::use_preset(const std::string& name) {
  const LayoutPreset* const preset = find_layout_preset(name);
  if (preset == nullptr) return;
  settings_.preset = name;
  const auto kept = settings_.layouts.find(name);
  auto layout = kept == settings_.layouts.end() ? std::nullopt : layout_in(kept->second);
  layout_ = layout ? std::move(*layout) : *layout_in(preset->layout);
  remember();
}

void Shell::reset_preset() {
  settings_.layouts.erase(settings_.preset);
  use_preset(settings_.preset);
}

void Shell::set_theme(ThemeName name) {
  theme_ = theme_of(name);
  settings_.theme = name_of(name);
  style_changed_ = true;
  remember();
}

void Shell::set_language(Language language) {
  words_ = Words(language);
  settings_.language = language;
  start_.refresh();
  translate_lab();
  remember();
}

void Shell::set_display_scale(double scale) {
  display_scale_ = std::clamp(scale, 0.5, 4.0);
  style_changed_ = true;
}

void Shell::set_scale(double scale) {
  settings_.scale = std::clamp(scale, Settings::least_scale, Settings::most_scale);
  style_changed_ = true;
  remember();
}

void Shell::toggle_follow() {
  settings_.follow = !settings_.follow;
  tell(std::string(words_(settings_.follow ? Text::followed : Text::not_followed)));
  remember();
}

void Shell::toggle_palette(std::string text) {
  if (palette_.is_open())
    palette_.close();
  else
    palette_.open(std::move(text));
}

void Shell::toggle_keys() { keys_shown_ = !keys_shown_; }
void Shell::show_start() { start_shown_ = true; }

double Shell::font_size() const { return 15 * settings_.scale * display_scale_; }

FontRequest Shell::font_request() const {
  FontRequest request;
  request.size = font_size();
  request.script = words_.language() == Language::chinese ? Script::chinese : Script::latin;
  request.texts = texts_of(words_.language());
  return request;
}

}  // namespace trapline::window
