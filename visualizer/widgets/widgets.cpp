#include "visualizer/widgets/widgets.h"

#include <algorithm>
#include <cstdio>
#include <imgui.h>

#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/outline.h"
#include "visualizer/widgets/wrap.h"

namespace trapline::window {

namespace {

void unformatted(std::string_view words) { ImGui::TextUnformatted(words.data(), words.data() + words.size()); }

ImVec2 size_of(std::string_view words) { return ImGui::CalcTextSize(words.data(), words.data() + words.size()); }

void in_colour(Colour colour, std::string_view words) {
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  unformatted(words);
  ImGui::PopStyleColor();
}

void in_font(ImFont* font, std::string_view words, std::optional<Colour> colour = std::nullopt) {
  ImGui::PushFont(font);
  if (colour)
    in_colour(*colour, words);
  else
    unformatted(words);
  ImGui::PopFont();
}

}  // namespace

void text(std::string_view words) { unformatted(words); }
void text(std::string_view words, Colour colour) { in_colour(colour, words); }
void dim(const Frame& frame, std::string_view words) { in_colour(frame.theme.dim, words); }
void mono(const Frame& frame, std::string_view words) { in_font(frame.fonts.mono, words); }
void mono(const Frame& frame, std::string_view words, Colour colour) { in_font(frame.fonts.mono, words, colour); }
void bold(const Frame& frame, std::string_view words) { in_font(frame.fonts.bold, words); }

void paragraph(std::string_view words) {
  const auto measure = [](std::string_view part) { return size_of(part).x; };
  ImGui::BeginGroup();
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  for (const std::string_view line : wrapped(words, ImGui::GetContentRegionAvail().x, measure)) unformatted(line);
  ImGui::PopStyleVar();
  ImGui::EndGroup();
}

void paragraph(std::string_view words, Colour colour) {
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  paragraph(words);
  ImGui::PopStyleColor();
}

void heading(const Frame& frame, std::string_view words) {
  if (ImGui::GetCursorPosY() > ImGui::GetStyle().WindowPadding.y + 1) ImGui::Dummy({0, 4 * frame.scale});
  in_font(frame.fonts.bold, words, frame.theme.text);
  const ImVec2 from = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddLine({from.x, from.y - 2}, {from.x + ImGui::GetContentRegionAvail().x, from.y - 2},
                                      frame.theme.line);
}

std::string hex_or_unknown(const Frame& frame, u64 value) {
  return value == trace::unknown_number ? std::string(frame.words(Text::unknown)) : hex_number(value);
}

std::string hex_text(u64 value, unsigned digits) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%0*llx", static_cast<int>(digits), static_cast<unsigned long long>(value));
  return text;
}

void nothing(const Frame& frame, std::string_view why) {
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float width = std::min(room.x, characters(frame, 60));
  const ImVec2 size = ImGui::CalcTextSize(why.data(), why.data() + why.size(), false, width);
  ImGui::SetCursorPos({ImGui::GetCursorPosX() + std::max(0.0F, (room.x - size.x) / 2),
                       ImGui::GetCursorPosY() + std::max(0.0F, (room.y - size.y) / 3)});
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width + 1);
  text(why, frame.theme.dim);
  ImGui::PopTextWrapPos();
}

void waiting(const Frame& frame) { nothing(frame, frame.words(Text::reading)); }

void provenance(const Frame& frame, trace::Provenance provenance) {
  if (provenance == trace::Provenance::observed) return;
  const Colour colour = provenance == trace::Provenance::derived ? frame.theme.derived : frame.theme.modelled;
  const std::string_view word = trace::name_of(provenance);
  const ImVec2 from = ImGui::GetCursorScreenPos(), size = size_of(word);
  outline(ImGui::GetWindowDrawList(), from, {from.x + size.x + 8 * frame.scale, from.y + size.y}, colour);
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + 4 * frame.scale);
  text(word, colour);
  tooltip(frame, frame.words(provenance == trace::Provenance::derived ? Text::derived_means : Text::modelled_means));
}

bool link(const Frame& frame, std::string_view words, const char* id) {
  ImGui::PushID(id);
  const ImVec2 from = ImGui::GetCursorScreenPos(), size = size_of(words);
  const bool pressed = ImGui::InvisibleButton("link", {std::max(size.x, 1.0F), std::max(size.y, 1.0F)});
  target(frame);
  const bool over = ImGui::IsItemHovered() || ImGui::IsItemFocused();
  if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  ImDrawList* const list = ImGui::GetWindowDrawList();
  list->AddText(from, frame.theme.accent, words.data(), words.data() + words.size());
  list->AddLine({from.x, from.y + size.y - 1}, {from.x + size.x, from.y + size.y - 1},
                with_alpha(frame.theme.accent, over ? 255 : 90));
  ImGui::PopID();
  return pressed;
}

void event_link(const Frame& frame, u64 sequence) {
  const std::string words = frame.words.fill(Text::event_number, {std::to_string(sequence)});
  const std::string id = "event" + std::to_string(sequence);
  if (link(frame, words, id.c_str())) frame.requests.go({frame.document.focus, sequence});
}

void subject_value(const Frame& frame, std::string_view shown, const views::Subject& subject) {
  const bool chosen = frame.document.subject == subject && subject.kind != views::SubjectKind::none;
  ImGui::PushID(static_cast<int>(subject.kind));
  ImGui::PushID(static_cast<int>(subject.value ^ (subject.value >> 32)));
  ImGui::PushFont(frame.fonts.mono);
  const ImVec2 from = ImGui::GetCursorScreenPos(), size = size_of(shown);
  if (ImGui::InvisibleButton("subject", {std::max(size.x, 1.0F), std::max(size.y, 1.0F)}))
    frame.requests.ask(Select{chosen ? views::Subject{} : subject});
  target(frame);
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const ImVec2 to{from.x + size.x, from.y + size.y};
  if (chosen) {
    list->AddRectFilled({from.x - 2, from.y}, {to.x + 2, to.y}, frame.theme.selection);
    outline(list, {from.x - 2, from.y}, {to.x + 2, to.y}, frame.theme.accent);
  } else if (ImGui::IsItemHovered()) {
    outline(list, {from.x - 2, from.y}, {to.x + 2, to.y}, frame.theme.faint);
  }
  list->AddText(from, frame.theme.text, shown.data(), shown.data() + shown.size());
  ImGui::PopFont();
  tooltip(frame, frame.words(Text::select_means));
  ImGui::PopID();
  ImGui::PopID();
}

bool button(const Frame& frame, std::string_view words, const char* id) {
  const bool pressed = ImGui::Button((std::string(words) + "###" + id).c_str());
  target(frame);
  return pressed;
}

std::optional<std::size_t> choice(const Frame& frame, const char* id, std::span<const std::string_view> names,
                                  std::size_t chosen) {
  std::optional<std::size_t> pressed;
  ImGui::PushID(id);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {1, ImGui::GetStyle().ItemSpacing.y});
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) ImGui::SameLine();
    const bool on = i == chosen;
    if (on) {
      ImGui::PushStyleColor(ImGuiCol_Button, frame.theme.accent);
      ImGui::PushStyleColor(ImGuiCol_ButtonHovered, frame.theme.accent);
      ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.on_accent);
    }
    if (button(frame, names[i], std::to_string(i).c_str())) pressed = i;
    if (on) ImGui::PopStyleColor(3);
  }
  ImGui::PopStyleVar();
  ImGui::PopID();
  return pressed;
}

void tooltip(const Frame& frame, std::string_view words) {
  if (words.empty()) return;
  target(frame, TargetKind::explained);
  if (!ImGui::IsItemHovered()) return;
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(ImGui::GetFontSize() * 28);
  unformatted(words);
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
}

bool begin_table(const Frame& frame, const char* id, std::span<const ColumnSpec> columns, float height) {
  constexpr ImGuiTableFlags flags = ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY | ImGuiTableFlags_Resizable |
                                    ImGuiTableFlags_BordersInnerV | ImGuiTableFlags_NoSavedSettings;
  if (!ImGui::BeginTable(id, static_cast<int>(columns.size()), flags, {0, height})) return false;
  for (const ColumnSpec& column : columns) {
    const bool fixed = column.width > 0;
    ImGui::TableSetupColumn(std::string(column.title).c_str(),
                            fixed ? ImGuiTableColumnFlags_WidthFixed : ImGuiTableColumnFlags_WidthStretch,
                            fixed ? characters(frame, column.width) : 1.0F);
  }
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.dim);
  ImGui::TableHeadersRow();
  ImGui::PopStyleColor();
  return true;
}

bool begin_table(const Frame& frame, const char* id, std::initializer_list<ColumnSpec> columns, float height) {
  return begin_table(frame, id, std::span(columns.begin(), columns.size()), height);
}

void end_table() { ImGui::EndTable(); }
void next_cell() { ImGui::TableNextColumn(); }

void changed_sign(const Frame& frame, bool changed) {
  const float width = characters(frame, 1.5F);
  const float x = ImGui::GetCursorPosX();
  if (changed) {
    text("*", frame.theme.changed);
    ImGui::SameLine(0, 0);
  }
  ImGui::SetCursorPosX(x + width);
}

void bits(const Frame& frame, std::span<const Bit> row) {
  ImGui::PushFont(frame.fonts.mono);
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const float pad = 4 * frame.scale, gap = 3 * frame.scale;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Bit& bit = row[i];
    const std::string shown = (bit.changed ? "*" : "") + std::string(bit.name);
    const ImVec2 size = size_of(shown);
    if (i > 0) {
      ImGui::SameLine(0, gap);
      if (ImGui::GetContentRegionAvail().x < size.x + 2 * pad) ImGui::NewLine();
    }
    const ImVec2 from = ImGui::GetCursorScreenPos(), to{from.x + size.x + 2 * pad, from.y + size.y};
    const Colour edge = bit.changed ? frame.theme.changed : bit.set ? frame.theme.accent : frame.theme.line;
    if (bit.set) list->AddRectFilled(from, to, with_alpha(edge, 60));
    outline(list, from, to, edge);
    list->AddText({from.x + pad, from.y}, bit.set ? frame.theme.text : frame.theme.faint, shown.c_str());
    ImGui::Dummy({to.x - from.x, to.y - from.y});
    ImGui::PopFont();
    tooltip(frame, bit.meaning);
    ImGui::PushFont(frame.fonts.mono);
  }
  ImGui::PopFont();
}

float characters(const Frame& frame, float count) {
  return frame.fonts.mono->GetCharAdvance('0') * count * (ImGui::GetFontSize() / frame.fonts.text->FontSize);
}

}  // namespace trapline::window
