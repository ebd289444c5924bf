// How the shell looks: the bar at the top, panels with their tabs and borders, the line at the bottom, the keys.
#include <algorithm>
#include <imgui.h>

#include "trace/event.h"
#include "visualizer/app/commands.h"
#include "visualizer/app/shell.h"
#include "visualizer/render/imgui_input.h"
#include "visualizer/widgets/outline.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

constexpr float border = 5;  // pixels between panels, at scale 1

std::string key_of(std::string_view name) {
  for (const Command& command : all_commands())
    if (command.name == name) return text_of(command.stroke);
  return "";
}

void same_line(Frame& frame) { ImGui::SameLine(0, 14 * frame.scale); }

// Of a menu that is open; Escape closes it.
bool menu_entry(const Frame& frame, std::string_view title, bool chosen) {
  const bool pressed = ImGui::Selectable(std::string(title).c_str(), chosen);
  target(frame, TargetKind::menu_entry);
  landmark(frame, "entry " + std::string(title));
  if (frame.keys_free && is_key_pressed(Key::escape, Repeat::no)) ImGui::CloseCurrentPopup();
  return pressed;
}

}  // namespace

// ---- top ---------------------------------------------------------------------------------------------------------

void Shell::draw_lanes(Frame& frame) {
  for (std::size_t i = 0; i < document_.lanes.size(); ++i) {
    if (i > 0) ImGui::SameLine(0, 3 * frame.scale);
    const LaneFacts& lane = document_.lanes[i];
    const bool focus = i == document_.focus;
    if (focus) {
      ImGui::PushStyleColor(ImGuiCol_Button, theme_.accent);
      ImGui::PushStyleColor(ImGuiCol_ButtonHovered, theme_.accent);
      ImGui::PushStyleColor(ImGuiCol_Text, theme_.on_accent);
    }
    const std::string id = "lane" + std::to_string(i);
    if (button(frame, words_.fill(Text::lane_number, {std::to_string(i + 1), lane_name(i)}), id.c_str()))
      requests_.go({i, document_.positions[i]});
    landmark(frame, "lane " + std::to_string(i + 1));
    if (focus) ImGui::PopStyleColor(3);
    tooltip(frame, lane.title + "\n" + lane.path + (lane.trouble.empty() ? "" : "\n" + lane.trouble));
  }
}

// A lesson speaks of its lanes by the names that the lab gives them.
std::string Shell::lane_name(std::size_t lane) const {
  return document_.lab && lane < document_.lab->lanes.size() ? document_.lab->lanes[lane] : document_.lanes[lane].title;
}

// Step k of n, always in sight; and what is there.
void Shell::draw_place(Frame& frame) {
  Question question = frame.here();
  question.subject = {};
  question.first = desk_->slices();
  const CursorRows* const rows = cursor_.of(*desk_, question, cursor_rows);
  const u64 at = document_.here().sequence;
  bold(frame, words_.fill(Text::event_of, {grouped(at), grouped(document_.lane().events)}));
  if (rows == nullptr) return;
  same_line(frame);
  if (!rows->known) return text(words_(Text::damaged_here), theme_.bad);
  text(words_.fill(Text::stop_of, {grouped(rows->stop.k), grouped(rows->stop.n)}));
  same_line(frame);
  if (rows->retired != trace::unknown_number) {
    dim(frame, words_.fill(Text::retired_count, {grouped(rows->retired)}));
    same_line(frame);
  }
  dim(frame,
      words_.fill(document_.lane().on_kvm() ? Text::nanoseconds_count : Text::cycles_count, {grouped(rows->tick)}));
  same_line(frame);
  text(rows->action.empty() ? std::string(words_(Text::no_action)) : words_.fill(Text::during_action, {rows->action}));
}

void Shell::draw_filter(Frame& frame) {
  ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x);
  if (std::exchange(focus_filter_, false)) ImGui::SetKeyboardFocusHere();
  if (ImGui::InputTextWithHint("##filter", std::string(words_(Text::filter_hint)).c_str(), filter_text_,
                               sizeof filter_text_, ImGuiInputTextFlags_EnterReturnsTrue))
    set_filter(filter_text_);
  target(frame);
  landmark(frame, "filter");
  tooltip(frame, words_(Text::filter_hint));
}

void Shell::draw_top(Frame& frame) {
  draw_lanes(frame);
  same_line(frame);
  std::vector<std::string_view> titles;
  std::size_t chosen = 0;
  for (const LayoutPreset& preset : layout_presets()) {
    if (preset.name == settings_.preset) chosen = titles.size();
    titles.push_back(words_(preset.title));
  }
  ImGui::SetNextItemWidth(characters(frame, 16));
  const bool open = ImGui::BeginCombo("##layout", std::string(titles[chosen]).c_str());
  if (open) {
    for (std::size_t i = 0; i < titles.size(); ++i)
      if (menu_entry(frame, titles[i], i == chosen)) use_preset(std::string(layout_presets()[i].name));
    ImGui::EndCombo();
  } else {
    target(frame);
    landmark(frame, "layout");
  }
  same_line(frame);
  if (ImGui::GetContentRegionAvail().x < characters(frame, 20)) ImGui::NewLine();  // many lanes in a narrow window
  draw_filter(frame);
  draw_place(frame);
  if (!document_.lane().trouble.empty()) paragraph(document_.lane().trouble, theme_.warning);
  ImGui::Dummy({0, 1});
}

// ---- bottom ------------------------------------------------------------------------------------------------------

void Shell::draw_bottom(Frame& frame) {
  if (pointer_.is_choosing())
    return text(words_(pointer_.presses() ? Text::choosing_press : Text::choosing_point), theme_.accent);
  if (!told_.empty()) {
    text(told_, theme_.accent);
    return;
  }
  dim(frame, words_.fill(Text::step_line, {key_of("previous_event"), key_of("next_event"), key_of("next_stop"),
                                           key_of("next_marker"), key_of("last_change"), key_of("press")}));
  const std::string help = words_.fill(Text::help_line, {key_of("palette"), key_of("keys"), key_of("start")});
  const float width = ImGui::CalcTextSize(help.c_str()).x;
  ImGui::SameLine(std::max(0.0F, ImGui::GetWindowWidth() - width - 2 * ImGui::GetStyle().WindowPadding.x));
  dim(frame, help);
}

namespace {

// Those that the timeline hears by itself.
void draw_timeline_keys(Frame& frame) {
  constexpr std::pair<const char*, Text> keys[] = {{"+ -", Text::timeline_help_zoom},
                                                   {"[ ]", Text::timeline_help_pan},
                                                   {"F", Text::timeline_help_fit},
                                                   {"Z", Text::timeline_help_stop}};
  text(frame.words(Text::view_timeline));
  for (const auto& [key, means] : keys) {
    same_line(frame);
    mono(frame, key, frame.theme.accent);
    ImGui::SameLine();
    text(frame.words(means));
  }
}

}  // namespace

void Shell::draw_keys(Frame& frame) {
  constexpr std::size_t columns = 3;
  const auto commands = all_commands();
  const std::size_t rows = (commands.size() + columns - 1) / columns;
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  const float wanted = static_cast<float>(rows + 4) * ImGui::GetTextLineHeightWithSpacing();
  const float width = std::min(size.x - 40, characters(frame, 165)), height = std::min(size.y - 40, wanted);
  ImGui::SetNextWindowPos({(size.x - width) / 2, (size.y - height) / 2});
  ImGui::SetNextWindowSize({width, height});
  ImGui::SetNextWindowFocus();
  ImGui::PushStyleColor(ImGuiCol_WindowBg, theme_.panel);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::Begin("keys", nullptr,
               ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoSavedSettings);
  keys_place_ = {ImGui::GetWindowPos().x, ImGui::GetWindowPos().y, width, height};
  heading(frame, words_(Text::keys_title));
  if (ImGui::BeginTable("commands", 2 * columns)) {
    for (std::size_t column = 0; column < columns; ++column) {
      ImGui::TableSetupColumn("", ImGuiTableColumnFlags_WidthFixed, characters(frame, 11));
      ImGui::TableSetupColumn("");
    }
    for (std::size_t i = 0; i < rows * columns; ++i) {
      const std::size_t command = i / columns + i % columns * rows;
      next_cell();
      if (command < commands.size()) mono(frame, text_of(commands[command].stroke), theme_.accent);
      next_cell();
      if (command < commands.size()) text(words_(commands[command].title));
    }
    ImGui::EndTable();
  }
  draw_timeline_keys(frame);
  if (button(frame, words_(Text::close), "close")) keys_shown_ = false;
  ImGui::End();
  ImGui::PopStyleVar();
  ImGui::PopStyleColor();
}

// ---- panels ------------------------------------------------------------------------------------------------------

void Shell::draw_layout(Frame& frame, Layout& layout, float x, float y, float width, float height) {
  if (layout.kind == Layout::Kind::leaf) {
    ImGui::SetCursorPos({x, y});
    ImGui::PushID(&layout);
    ImGui::PushStyleColor(ImGuiCol_ChildBg, theme_.panel);
    ImGui::BeginChild("leaf", {width, height}, false,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    draw_leaf(frame, layout);
    ImGui::EndChild();
    ImGui::PopStyleColor();
    ImGui::PopID();
    return;
  }
  const bool columns = layout.kind == Layout::Kind::columns;
  const float gap = border * frame.scale, count = static_cast<float>(layout.parts.size());
  const float extent = (columns ? width : height) - gap * (count - 1);
  float at = columns ? x : y;
  for (std::size_t i = 0; i < layout.parts.size(); ++i) {
    const float share = static_cast<float>(layout.parts[i].share) * extent;
    if (columns)
      draw_layout(frame, layout.parts[i].layout, at, y, share, height);
    else
      draw_layout(frame, layout.parts[i].layout, x, at, width, share);
    at += share;
    if (i + 1 < layout.parts.size()) {
      draw_border(frame, layout, i, columns ? at : x, columns ? y : at, columns ? height : width, extent);
      at += gap;
    }
  }
}

void Shell::draw_border(Frame& frame, Layout& split, std::size_t before, float x, float y, float along, float extent) {
  const bool columns = split.kind == Layout::Kind::columns;
  const float gap = border * frame.scale;
  ImGui::SetCursorPos({x, y});
  ImGui::PushID(&split);
  ImGui::PushID(static_cast<int>(before));
  ImGui::InvisibleButton("border", columns ? ImVec2{gap, along} : ImVec2{along, gap});
  landmark(frame, (columns ? "border x " : "border y ") + std::to_string(before));
  const bool held = ImGui::IsItemActive();
  if (held || ImGui::IsItemHovered()) {
    ImGui::SetMouseCursor(columns ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    ImGui::GetWindowDrawList()->AddRectFilled(ImGui::GetItemRectMin(), ImGui::GetItemRectMax(), theme_.accent);
  }
  const ImVec2 moved = ImGui::GetIO().MouseDelta;
  if (held && extent > 0 && !ImGui::IsItemActivated()) {  // the way to the border is not the way of the border
    move_border(split, before, (columns ? moved.x : moved.y) / extent);
    settings_.layouts[settings_.preset] = text_of(layout_);
  }
  if (ImGui::IsItemDeactivated()) remember();
  ImGui::PopID();
  ImGui::PopID();
}

// One tab a view; those that do not fit are in a menu at the end.
void Shell::draw_tabs(Frame& frame, Layout& leaf) {
  const float pad = 8 * frame.scale, height = ImGui::GetTextLineHeight() + 6 * frame.scale;
  const float room = ImGui::GetContentRegionAvail().x;
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const ImVec2 start = ImGui::GetCursorScreenPos();
  list->AddRectFilled(start, {start.x + room, start.y + height}, theme_.raised);
  float used = 0;
  const float menu = leaf.views.size() > 1 ? 3 * pad : 0;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  std::vector<std::size_t> hidden;
  for (std::size_t i = 0; i < leaf.views.size(); ++i) {
    const ViewRow* const row = find_view(leaf.views[i]);
    if (row == nullptr) continue;
    const std::string title(words_(row->title));
    const float width = ImGui::CalcTextSize(title.c_str()).x + 2 * pad;
    const bool shown = i == leaf.shown;
    if (!shown && used + width > room - menu) {
      hidden.push_back(i);
      continue;
    }
    const ImVec2 from{start.x + used, start.y};
    ImGui::SetCursorScreenPos(from);
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::InvisibleButton("tab", {width, height})) show_view(leaf.views[i]);
    target(frame);
    landmark(frame, "tab " + leaf.views[i]);
    tooltip(frame, words_(row->doc));
    ImGui::PopID();
    if (shown) {
      list->AddRectFilled(from, {from.x + width, from.y + height}, theme_.panel);
      list->AddRectFilled(from, {from.x + width, from.y + 2 * frame.scale}, theme_.accent);
    }
    list->AddText({from.x + pad, from.y + 3 * frame.scale}, shown ? theme_.text : theme_.dim, title.c_str());
    used += width;
  }
  ImGui::PopStyleVar();
  if (!hidden.empty()) {
    ImGui::SetCursorScreenPos({start.x + room - menu, start.y});
    if (ImGui::InvisibleButton("more", {menu, height})) ImGui::OpenPopup("views");
    target(frame);
    tooltip(frame, words_(Text::more_views));
    list->AddText({start.x + room - menu + pad, start.y + 3 * frame.scale}, theme_.text, "▼");
    if (ImGui::BeginPopup("views")) {
      for (const std::size_t i : hidden)
        if (menu_entry(frame, words_(find_view(leaf.views[i])->title), false)) show_view(leaf.views[i]);
      ImGui::EndPopup();
    }
  }
  ImGui::SetCursorScreenPos({start.x, start.y + height});
}

// Panels are told where they lie; the one in focus is framed.
void Shell::draw_focus(const Layout& leaf) {
  const ImVec2 from = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
  panels_.push_back({{from.x, from.y, size.x, size.y}, leaf.views.front(), leaf.views[leaf.shown]});
  if (leaf.views.front() != panel_) return;
  outline(ImGui::GetForegroundDrawList(), from, {from.x + size.x, from.y + size.y}, theme_.accent, 2 * scale());
}

void Shell::draw_leaf(Frame& frame, Layout& leaf) {
  draw_tabs(frame, leaf);
  const std::string& name = leaf.views[leaf.shown];
  if (find_view(name) == nullptr) return;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {8 * frame.scale, 6 * frame.scale});
  ImGui::BeginChild(name.c_str(), {0, 0}, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
  ImGui::PopStyleVar();
  view_named(name).draw(frame);
  ImGui::EndChild();
  draw_focus(leaf);
}

}  // namespace trapline::window
