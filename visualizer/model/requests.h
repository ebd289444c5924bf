// What views ask of the shell. They change nothing themselves: the shell carries requests out after the frame, in
// order.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "views/subject.h"
#include "visualizer/model/moment.h"

namespace trapline::window {

struct GoTo {
  Moment to;
};
// The same on the way to somewhere, while the mouse is held: going back skips it.
struct PassBy {
  Moment at;
};
// Follow something through the trace: other views mark it, and `who changed it` asks about it.
struct Select {
  views::Subject subject;
};
// To the last event before the cursor that changed the subject.
struct GoToLastChange {
  views::Subject subject;
};
struct ShowView {
  std::string name;
};
struct SetFilter {
  std::string filter;
};
struct CopyText {
  std::string text;
};
// A sentence at the bottom of the window, until the next one.
struct Tell {
  std::string sentence;
};
// Record a lab's lanes and open them with its lesson; from a seed.
struct OpenLab {
  std::string lab;
  u64 seed = 1;
};
struct RunGuest {
  std::string guest;
};
struct OpenTraces {
  std::vector<std::string> things;  // or one lab
  u64 seed = 1;                     // of the lab
};

using Request = std::variant<GoTo, PassBy, Select, GoToLastChange, ShowView, SetFilter, CopyText, Tell, OpenLab,
                             RunGuest, OpenTraces>;

class Requests {
 public:
  void ask(Request request) { list_.push_back(std::move(request)); }
  void go(Moment to) { list_.emplace_back(GoTo{to}); }
  std::vector<Request> take() { return std::exchange(list_, {}); }

 private:
  std::vector<Request> list_;
};

}  // namespace trapline::window
