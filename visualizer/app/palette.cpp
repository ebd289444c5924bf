#include "visualizer/app/palette.h"

#include <algorithm>
#include <cctype>
#include <imgui.h>

#include "visualizer/app/commands.h"
#include "visualizer/app/shell.h"
#include "visualizer/app/text_box.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

char lower(char letter) { return static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }

}  // namespace

bool matches_loosely(std::string_view text, std::string_view wanted) {
  for (const char letter : wanted) {
    if (letter == ' ') continue;
    std::size_t at = 0;
    while (at < text.size() && lower(text[at]) != lower(letter)) ++at;
    if (at == text.size()) return false;
    text.remove_prefix(at + 1);
  }
  return true;
}

void Palette::open(std::string text) {
  open_ = focus_ = true;
  chosen_ = 0;
  copy_into(text_, sizeof text_, text);
}

std::vector<Palette::Entry> Palette::matching(const Frame& frame) const {
  std::vector<Entry> entries;
  const auto commands = all_commands();
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const Command& command = commands[i];
    if (command.needs_trace && frame.document.empty()) continue;
    const std::string title(frame.words(command.title));
    if (matches_loosely(title, text_) || matches_loosely(command.name, text_))
      entries.push_back({title, text_of(command.stroke), static_cast<int>(i), {}});
  }
  for (const ViewRow& view : all_views()) {
    if (frame.document.empty() && view.name != "lesson") continue;
    const std::string title = frame.words.fill(Text::do_show, {frame.words(view.title)});
    if (matches_loosely(title, text_) || matches_loosely(view.name, text_))
      entries.push_back({title, "", -1, std::string(view.name)});
  }
  return entries;
}

bool Palette::run_text(Shell& shell) {
  const std::string text = text_;
  if (text.starts_with("@")) {
    const LanePosition position = lane_position(text.substr(1));
    const std::size_t lane = text.find(':') == std::string::npos ? shell.document().focus : position.lane;
    Link link = link_to(shell.document(), "");
    link.lane = lane;
    link.at = position.at;
    if (auto opened = shell.open(link); !opened) shell.tell(opened.error().sentence);
    return true;
  }
  if (const auto link = link_in(text)) {
    if (auto opened = shell.open_named(*link); !opened) shell.tell(opened.error().sentence);
    return true;
  }
  return false;
}

void Palette::run(const Entry& entry, Shell& shell) {
  if (entry.command >= 0)
    all_commands()[static_cast<std::size_t>(entry.command)].run(shell);
  else
    shell.show_view(entry.view);
}

void Palette::draw(Frame& frame, Shell& shell) {
  if (!open_) return;
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  const float width = std::min(size.x - 40, characters(frame, 70));
  ImGui::SetNextWindowPos({(size.x - width) / 2, size.y * 0.12F});
  ImGui::SetNextWindowSize({width, std::min(size.y * 0.6F, 420 * frame.scale)});
  ImGui::SetNextWindowFocus();
  ImGui::PushStyleColor(ImGuiCol_WindowBg, frame.theme.panel);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::Begin("palette", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings);
  ImGui::SetNextItemWidth(-1);
  if (std::exchange(focus_, false)) ImGui::SetKeyboardFocusHere();
  const bool entered = ImGui::InputTextWithHint("##text", std::string(frame.words(Text::palette_hint)).c_str(), text_,
                                                sizeof text_, ImGuiInputTextFlags_EnterReturnsTrue);
  if (ImGui::IsItemEdited()) chosen_ = 0;
  const std::vector<Entry> entries = matching(frame);
  if (is_key_pressed(Key::down, Repeat::yes)) ++chosen_;
  if (is_key_pressed(Key::up, Repeat::yes) && chosen_ > 0) --chosen_;
  chosen_ = entries.empty() ? 0 : std::min(chosen_, entries.size() - 1);
  const bool direct = text_[0] == '@' || link_in(text_).has_value();
  std::optional<std::size_t> picked;
  if (entries.empty() && !direct) dim(frame, frame.words(Text::palette_empty));
  ImGui::BeginChild("entries");
  for (std::size_t i = 0; i < entries.size() && !direct; ++i) {
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::Selectable(entries[i].title.c_str(), i == chosen_)) picked = i;
    if (i == chosen_ && !ImGui::IsItemVisible()) ImGui::SetScrollHereY();
    if (!entries[i].key.empty()) {
      ImGui::SameLine(ImGui::GetContentRegionAvail().x - characters(frame, 12));
      mono(frame, entries[i].key, frame.theme.dim);
    }
    ImGui::PopID();
  }
  ImGui::EndChild();
  ImGui::End();
  ImGui::PopStyleVar();
  ImGui::PopStyleColor();
  if (entered && !direct && !entries.empty()) picked = chosen_;
  if (is_key_pressed(Key::escape, Repeat::no)) close();
  if (entered && direct) {
    close();
    run_text(shell);
  }
  if (picked) {
    close();
    run(entries[*picked], shell);
  }
}

}  // namespace trapline::window
