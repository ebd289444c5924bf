// The mouse of a reader who has none. Everything in sight that can be pressed shows letters; typing them presses it
// there, or only points at it, so that it explains itself. Panels come into focus one after another and scroll by keys.
// Views know nothing of it: what reaches them is a mouse.
//
//   pointer.choose(Pointer::Does::press);    letters are shown
//   each frame: pointer.hear(targets)        while choosing: letters, Backspace, Escape
//               pointer.draw(frame, targets)
//   before each frame: pointer.drive(io)     moves, presses, turns the wheel
#pragma once

#include <imgui.h>
#include <optional>
#include <string>
#include <vector>

#include "visualizer/widgets/landmark.h"

namespace trapline::window {

// As many words as there are targets, of one or two letters, none of which begins another. Targets behind the 676th
// have none.
std::vector<std::string> words_for(std::size_t targets);

class Pointer {
 public:
  enum class Does : u8 { press, point };

  // Among the targets inside of `only`, where that is given.
  void choose(Does what, std::optional<Landmark> only);
  bool is_choosing() const { return choosing_.has_value(); }
  bool presses() const { return choosing_ && choosing_->what == Does::press; }
  void hear(const std::vector<Target>& targets);

  // Turned over what was pressed last, or over the middle of the panel where nothing was. Up is positive.
  void wheel(const Landmark& panel, float lines);
  // Away from what it points at; what was begun is given up. False where there was nothing to leave.
  bool leave();
  // A hand moves the real mouse: it is where it is now, and not where it was.
  void hand_moved();
  bool is_pointing() const { return pointing_; }
  // What was pressed or pointed at last, or where the wheel was turned.
  std::optional<ImVec2> place() const { return place_; }
  // More is to be done in the next frames.
  bool is_moving() const { return step_ != Step::none || wheel_ != 0; }

  void drive(ImGuiIO& io);
  // With the words of the targets, while choosing. Above everything else.
  void draw(const Frame& frame, const std::vector<Target>& targets) const;
  // The word that a target shows now; empty without one.
  std::string word_of(const std::vector<Target>& targets, const Landmark& place) const;

 private:
  enum class Step : u8 { none, move, press, release, back };
  struct Choosing {
    Does what = Does::press;
    std::optional<Landmark> only;
    std::string typed;
  };
  struct Offer {
    std::string word;
    Landmark place;
  };
  std::vector<Offer> offers(const std::vector<Target>& targets) const;
  void take(const Landmark& place);
  void borrow(ImGuiIO& io);
  void give_back(ImGuiIO& io);

  std::optional<Choosing> choosing_;
  std::optional<ImVec2> place_, borrowed_from_;  // where the mouse was before
  Step step_ = Step::none;
  bool pointing_ = false;
  float wheel_ = 0;
};

}  // namespace trapline::window
