// Labs and guests that the start screen opens: recorded beside the window, then shown.
#include "visualizer/app/shell_labs.h"

namespace trapline::window {

void Shell::run_guest(const std::string& guest) {
  if (labs_->recording.going_on()) return;
  labs_->sentence = words_.fill(Text::recording_guest, {guest});
  labs_->recording.start([guest] { return record_guest(guest); });
  if (options_.mode == Desk::Mode::at_once) show_recorded(labs_->recording.wait());
}

void Shell::poll_labs() { show_recorded(labs_->recording.take()); }

void Shell::show_recorded(std::optional<Recorded> recorded) {
  if (!recorded) return;
  labs_->sentence.clear();
  if (!*recorded) return tell(recorded->error().sentence);
  Link link;
  link.traces = **recorded;
  if (const auto opened = open(link); !opened) tell(opened.error().sentence);
}

void Shell::open_lab(const std::string& lab, u64 seed) {
  (void)seed;
  run_guest(lab);
}

std::string Shell::busy_sentence() const { return labs_->sentence; }
bool Shell::labs_busy() const { return labs_->recording.going_on(); }

}  // namespace trapline::window
