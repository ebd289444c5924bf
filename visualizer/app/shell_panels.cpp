// Panels by keys: which one is in focus, how it scrolls, and what is pressed in it.
#include <algorithm>
#include <cmath>

#include "visualizer/app/shell.h"
#include "visualizer/lesson/session.h"
#include "visualizer/render/imgui_input.h"

namespace trapline::window {

namespace {

// `from` steps around; the first where it is none of them.
std::size_t neighbour(std::size_t from, std::size_t count, Direction direction) {
  if (from >= count) return direction == Direction::forward ? 0 : count - 1;
  return (from + (direction == Direction::forward ? 1 : count - 1)) % count;
}

}  // namespace

const Shell::Panel* Shell::focused_panel() const {
  const auto found =
      std::find_if(panels_.begin(), panels_.end(), [&](const Panel& panel) { return panel.name == panel_; });
  return panel_.empty() || found == panels_.end() ? nullptr : &*found;
}

std::string Shell::panel_in_focus() const {
  const Panel* const panel = focused_panel();
  return panel == nullptr ? std::string() : panel->shown;
}

// Without a focus the lesson, as whoever reads one expects, or what was shown last.
const Shell::Panel* Shell::panel_to_scroll() const {
  if (const Panel* const panel = focused_panel()) return panel;
  for (const std::string_view name : {std::string_view("lesson"), std::string_view(view_)}) {
    const auto found =
        std::find_if(panels_.begin(), panels_.end(), [&](const Panel& panel) { return panel.shown == name; });
    if (found != panels_.end()) return &*found;
  }
  return panels_.empty() ? nullptr : &panels_.front();
}

void Shell::choose(Pointer::Does what) {
  if (keys_shown_) return pointer_.choose(what, keys_place_);
  const Panel* const panel = start_shown_ ? nullptr : focused_panel();
  pointer_.choose(what, panel == nullptr ? std::nullopt : std::optional(panel->place));
}

// True where the pointer has heard the keys of this frame, or Escape has left something.
bool Shell::hear_pointer() {
  if (pointer_.is_choosing()) {
    pointer_.hear(landmarks_.targets);
    const std::optional<ImVec2> now = pointer_.place();
    if (!pointer_.is_choosing() && pointer_.is_moving() && now)
      for (const Panel& panel : panels_)
        if (panel.place.holds(now->x, now->y)) panel_ = panel.name;
    return true;
  }
  if (ImGui::IsMouseClicked(0) && !pointer_.is_moving()) panel_.clear();
  const bool menu = ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
  if (writing_ || menu || keys_shown_ || !is_key_pressed(Key::escape, Repeat::no)) return false;
  if (pointer_.leave()) return true;
  return !std::exchange(panel_, std::string()).empty();
}

void Shell::next_panel(Direction direction) {
  if (panels_.empty()) return;
  const Panel* const panel = focused_panel();
  const std::size_t from = panel == nullptr ? panels_.size() : static_cast<std::size_t>(panel - panels_.data());
  panel_ = panels_[neighbour(from, panels_.size(), direction)].name;
}

void Shell::next_tab(Direction direction) {
  const Panel* const panel = panel_to_scroll();
  if (panel == nullptr) return;
  Layout* const leaf = bring_up(layout_, panel->shown);
  if (leaf != nullptr) show_view(leaf->views[neighbour(leaf->shown, leaf->views.size(), direction)]);
}

// Dear ImGui scrolls five lines with each notch of a wheel.
void Shell::turn_page(Direction direction) {
  const Panel* const panel = panel_to_scroll();
  if (panel == nullptr) return;
  const bool down = direction == Direction::forward;
  if (panel->shown == "lesson") return wish_of_lesson(down ? LessonWish::page_down : LessonWish::page_up);
  const float notches = std::max(1.0F, std::round(panel->place.height * 0.8F / (5 * ImGui::GetTextLineHeight())));
  pointer_.wheel(panel->place, down ? -notches : notches);
}

void Shell::turn_line(Direction direction) {
  if (const Panel* const panel = panel_to_scroll())
    pointer_.wheel(panel->place, direction == Direction::forward ? -1.0F : 1.0F);
}

void Shell::resize_panel(Layout::Kind kind, double by) {
  const Panel* const panel = panel_to_scroll();
  if (panel == nullptr || !window::resize_panel(layout_, panel->name, kind, by)) return;
  settings_.layouts[settings_.preset] = window::text_of(layout_);
  remember();
}

}  // namespace trapline::window
