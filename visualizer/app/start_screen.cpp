#include "visualizer/app/start_screen.h"

#include <imgui.h>

#include "check/clean.h"
#include "lab/definition.h"
#include "session/catalog.h"
#include "visualizer/model/link.h"
#include "visualizer/render/imgui_input.h"
#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

std::string host_sentence(const Words& words, const kvm::Probe& host) {
  if (host.usable) return words.fill(Text::host_kvm, {host.module});
  return words.fill(Text::host_no_kvm, {host.why_not.in(words.language())});
}

}  // namespace

StartRows start_rows(const Words& words, const kvm::Probe& host) {
  StartRows rows;
  for (const lab::Place& place : lab::all_labs()) {
    const auto definition = lab::load(place, 1, words.language());
    if (!definition) continue;
    rows.labs.push_back({place.word, place.name, check::one_line(definition->title),
                         check::one_line(definition->summary), definition->minutes});
  }
  rows.host.emplace_back(words(Text::host_soft));
  rows.host.push_back(host_sentence(words, host));
  for (const auto& guest : session::guests()) rows.guests.emplace_back(guest.name, guest.doc);
  return rows;
}

void StartScreen::hear_keys(Listening listening) {
  enter_ = moved_ = false;
  if (listening == Listening::no) return;
  enter_ = is_key_pressed(Key::enter, Repeat::no) || is_key_pressed(Key::keypad_enter, Repeat::no);
  if (is_key_pressed(Key::down, Repeat::yes) && chosen_ + 1 < entries_) ++chosen_, moved_ = true;
  if (is_key_pressed(Key::up, Repeat::yes) && chosen_ > 0) --chosen_, moved_ = true;
}

// One thing that can be opened. True where it was.
bool StartScreen::entry(Frame& frame, const std::string& first, const std::string& title, const std::string& second,
                        Request request) {
  const std::size_t number = entries_++;
  const bool chosen = number == chosen_;
  const float pad = 7 * frame.scale, left = first.empty() ? pad : characters(frame, 5);
  const ImVec2 from = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  const ImVec2 room = ImGui::CalcTextSize(second.c_str(), nullptr, false, width - left - pad);
  const float line = ImGui::GetTextLineHeight();
  const ImVec2 size{width, line + (second.empty() ? 0 : room.y + 2) + 2 * pad};
  ImGui::PushID(static_cast<int>(number));
  bool opened = ImGui::InvisibleButton("entry", size);
  const bool over = ImGui::IsItemHovered();
  target(frame);
  landmark(frame, "start " + (first.empty() ? title : first));
  if (chosen && moved_ && !ImGui::IsItemVisible()) ImGui::SetScrollHereY();
  ImGui::PopID();
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const ImVec2 to{from.x + size.x, from.y + size.y};
  list->AddRectFilled(from, to, chosen ? frame.theme.selection : over ? frame.theme.raised : frame.theme.panel, 4);
  if (chosen) list->AddRectFilled(from, {from.x + 3 * frame.scale, to.y}, frame.theme.accent, 2);
  if (!first.empty())
    list->AddText(frame.fonts.mono, ImGui::GetFontSize(), {from.x + pad + 4, from.y + pad}, frame.theme.accent,
                  first.c_str());
  list->AddText(frame.fonts.bold, ImGui::GetFontSize(), {from.x + left, from.y + pad}, frame.theme.text, title.c_str());
  if (!second.empty())
    list->AddText(frame.fonts.text, ImGui::GetFontSize(), {from.x + left, from.y + pad + line + 2}, frame.theme.dim,
                  second.c_str(), nullptr, width - left - pad);
  if (over && ImGui::GetIO().MouseDelta.x + ImGui::GetIO().MouseDelta.y != 0) chosen_ = number;
  opened = opened || (chosen && enter_);
  if (opened) frame.requests.ask(std::move(request));
  return opened;
}

void StartScreen::draw_labs(Frame& frame) {
  heading(frame, frame.words(Text::start_labs));
  for (const LabRow& lab : rows_->labs)
    entry(frame, lab.number, lab.title + "   " + frame.words.fill(Text::start_minutes, {std::to_string(lab.minutes)}),
          lab.summary, OpenLab{lab.number, 1});
}

// A lab by its title, traces by their files.
std::string StartScreen::name_of(const Link& link) const {
  std::string names;
  for (const std::string& trace : link.traces) names += (names.empty() ? "" : ", ") + trace;
  for (const LabRow& lab : rows_->labs)
    if (lab.number == names) names += "  " + lab.title;
  return link.seed == 1 ? names : names + "  --seed " + std::to_string(link.seed);
}

void StartScreen::draw_side(Frame& frame, const std::vector<std::string>& recent) {
  heading(frame, frame.words(Text::start_guests));
  for (const auto& [name, doc] : rows_->guests) entry(frame, "", name, doc, RunGuest{name});
  if (!recent.empty()) {
    heading(frame, frame.words(Text::start_recent));
    for (const std::string& text : recent)
      if (const auto link = link_in(text)) entry(frame, "", name_of(*link), "", OpenTraces{link->traces, link->seed});
  }
  heading(frame, frame.words(Text::start_host));
  for (const std::string& sentence : rows_->host) paragraph(sentence, frame.theme.dim);
}

void StartScreen::draw(Frame& frame, const std::vector<std::string>& recent, const std::string& busy,
                       const std::string& told, Listening listening) {
  if (!rows_) rows_ = start_rows(frame.words, ask_host_());
  hear_keys(listening);
  entries_ = 0;
  ImGui::PushFont(frame.fonts.title);
  text(frame.words(Text::start_title));
  ImGui::PopFont();
  paragraph(frame.words(Text::start_lead), frame.theme.dim);
  if (!busy.empty())
    text(busy, frame.theme.accent);
  else if (!told.empty())
    paragraph(told, frame.theme.warning);
  else
    text(frame.words(Text::start_keys), frame.theme.faint);
  const float gap = 24 * frame.scale, width = ImGui::GetContentRegionAvail().x;
  ImGui::BeginChild("labs", {width * 0.6F - gap / 2, 0});
  draw_labs(frame);
  ImGui::EndChild();
  ImGui::SameLine(0, gap);
  ImGui::BeginChild("side");
  draw_side(frame, recent);
  ImGui::EndChild();
}

}  // namespace trapline::window
