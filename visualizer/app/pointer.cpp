#include "visualizer/app/pointer.h"

#include <algorithm>

#include "visualizer/render/imgui_input.h"
#include "visualizer/widgets/outline.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

// Under the fingers first.
constexpr std::string_view letters = "fjdkslaghrueiwoqptyvmcnxbz";

// Inside of what is small; near the beginning of what is wide, where its words are.
ImVec2 aim(const Landmark& place) {
  constexpr float near = 40;
  return {place.x + std::min(place.width / 2, near), place.y + place.height / 2};
}

}  // namespace

// So many letters begin words of two as there must be; the others are words.
std::vector<std::string> words_for(std::size_t targets) {
  constexpr std::size_t all = letters.size();
  std::size_t beginnings = 0;
  while (beginnings < all && all - beginnings + beginnings * all < targets) ++beginnings;
  std::vector<std::string> words;
  for (const char letter : letters.substr(0, all - beginnings)) words.emplace_back(1, letter);
  for (const char first : letters.substr(all - beginnings))
    for (const char second : letters) words.push_back({first, second});
  words.resize(std::min(words.size(), targets));
  return words;
}

void Pointer::choose(Does what, std::optional<Landmark> only) {
  leave();
  choosing_ = Choosing{what, only, {}};
}

std::vector<Pointer::Offer> Pointer::offers(const std::vector<Target>& targets) const {
  std::vector<Offer> offers;
  const bool menu = std::any_of(targets.begin(), targets.end(),
                                [](const Target& target) { return target.kind == TargetKind::menu_entry; });
  for (const Target& target : targets) {
    if (menu != (target.kind == TargetKind::menu_entry)) continue;
    if (choosing_->what == Does::press && target.kind == TargetKind::explained) continue;
    const ImVec2 at = aim(target.place);
    if (menu || !choosing_->only || choosing_->only->holds(at.x, at.y)) offers.push_back({"", target.place});
  }
  const std::vector<std::string> words = words_for(offers.size());
  offers.resize(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) offers[i].word = words[i];
  return offers;
}

std::string Pointer::word_of(const std::vector<Target>& targets, const Landmark& place) const {
  if (!choosing_) return {};
  for (const Offer& offer : offers(targets))
    if (offer.place == place) return offer.word;
  return {};
}

void Pointer::take(const Landmark& place) {
  place_ = aim(place);
  pointing_ = choosing_->what == Does::point;
  step_ = Step::move;
  choosing_.reset();
}

void Pointer::hear(const std::vector<Target>& targets) {
  if (is_key_pressed(Key::escape, Repeat::no)) return choosing_.reset();
  std::string& typed = choosing_->typed;
  if (is_key_pressed(Key::backspace, Repeat::yes) && !typed.empty()) typed.pop_back();
  for (char each = 'a'; each <= 'z'; ++each)
    if (is_key_pressed(letter(each), Repeat::no)) typed += each;
  if (typed.empty()) return;
  bool any = false;
  for (const Offer& offer : offers(targets)) {
    if (offer.word == typed) return take(offer.place);
    any = any || offer.word.starts_with(typed);
  }
  if (!any) typed.pop_back();
}

void Pointer::wheel(const Landmark& panel, float lines) {
  if (!place_ || !panel.holds(place_->x, place_->y))
    place_ = ImVec2{panel.x + panel.width / 2, panel.y + panel.height / 2};
  wheel_ += lines;
}

bool Pointer::leave() {
  const bool any = choosing_ || pointing_;
  choosing_.reset();
  if (pointing_) step_ = Step::back;
  pointing_ = false;
  return any;
}

void Pointer::hand_moved() {
  leave();
  borrowed_from_.reset();
}

void Pointer::borrow(ImGuiIO& io) {
  if (!borrowed_from_) borrowed_from_ = io.MousePos;
  put_mouse(io, place_->x, place_->y);
}

void Pointer::give_back(ImGuiIO& io) {
  if (borrowed_from_) put_mouse(io, borrowed_from_->x, borrowed_from_->y);
  borrowed_from_.reset();
}

// A mouse comes, presses and lets go in three frames, as a hand does; some things look where it was before.
void Pointer::drive(ImGuiIO& io) {
  if (wheel_ != 0) {
    borrow(io);
    put_wheel(io, std::exchange(wheel_, 0.0F));
    if (step_ == Step::none && !pointing_) step_ = Step::back;
    return;
  }
  switch (step_) {
    case Step::move:
      borrow(io);
      step_ = pointing_ ? Step::none : Step::press;
      return;
    case Step::press:
      borrow(io);
      put_button(io, 0, Press::down);
      step_ = Step::release;
      return;
    case Step::release:
      borrow(io);
      put_button(io, 0, Press::up);
      step_ = Step::back;
      return;
    case Step::back:
      give_back(io);
      step_ = Step::none;
      return;
    case Step::none:
      if (pointing_) borrow(io);
      return;
  }
}

void Pointer::draw(const Frame& frame, const std::vector<Target>& targets) const {
  ImDrawList* const list = ImGui::GetForegroundDrawList();
  if (pointing_ && place_) {
    const float reach = 5 * frame.scale;
    outline(list, {place_->x - reach, place_->y - reach}, {place_->x + reach, place_->y + reach}, frame.theme.accent,
            2 * frame.scale);
  }
  if (!choosing_) return;
  const float size = ImGui::GetFontSize(), letter = characters(frame, 1);
  for (const Offer& offer : offers(targets)) {
    if (!offer.word.starts_with(choosing_->typed)) continue;
    const Landmark& place = offer.place;
    const std::string rest = offer.word.substr(choosing_->typed.size());
    const float width = letter * static_cast<float>(rest.size()) + 4 * frame.scale;
    const ImVec2 from{std::max(0.0F, place.x - 2 * frame.scale), place.y + (place.height - size) / 2};
    list->AddRectFilled(from, {from.x + width, from.y + size}, frame.theme.accent);
    list->AddText(frame.fonts.mono, size, {from.x + 2 * frame.scale, from.y}, frame.theme.on_accent, rest.c_str());
  }
}

}  // namespace trapline::window
