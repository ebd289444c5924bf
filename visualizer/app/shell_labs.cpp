// Labs and guests that the start screen opens: recorded beside the window, then shown.
#include "visualizer/app/shell_labs.h"

#include <algorithm>

namespace trapline::window {

void Shell::run_guest(const std::string& guest) {
  if (labs_->recording.going_on()) return;
  labs_->sentence = words_.fill(Text::recording_guest, {guest});
  labs_->recording.start([guest] { return record_guest(guest); });
  if (options_.mode == Desk::Mode::at_once) show_recorded(labs_->recording.wait());
}

void Shell::show_recorded(std::optional<Recorded> recorded) {
  if (!recorded) return;
  labs_->sentence.clear();
  if (!*recorded) return tell(recorded->error().sentence);
  Link link;
  link.traces = **recorded;
  if (const auto opened = open(link); !opened) tell(opened.error().sentence);
}

void Shell::open_lab(const std::string& lab, u64 seed, WhenOpened then) {
  when_opened_ = std::move(then);
  LessonOptions options;
  if (options_.mode == Desk::Mode::at_once) options.mode = LessonOptions::Mode::at_once;
  labs_->translating = false;
  labs_->opening = LessonSession::open(lab, seed, words_.language(), options);
  tell("");
  if (options_.mode == Desk::Mode::at_once) poll_labs();
}

// The lesson in the language of now, beside the lanes as they are: nothing of the reader's is lost.
void Shell::translate_lab() {
  if (lesson() == nullptr || labs_->opening || !lesson()->lesson() || lesson()->lesson()->language == words_.language())
    return;
  const OpenedLab lab = *document_.lab;
  LessonOptions options;
  if (options_.mode == Desk::Mode::at_once) options.mode = LessonOptions::Mode::at_once;
  labs_->open->save();
  labs_->opening = LessonSession::open(lab.name, lab.seed, words_.language(), options);
  labs_->translating = true;
  if (options_.mode == Desk::Mode::at_once) poll_labs();
}

void Shell::poll_labs() {
  show_recorded(labs_->recording.take());
  if (labs_->open) labs_->open->poll();
  if (!labs_->opening) return;
  labs_->opening->poll();
  if (labs_->opening->lesson() != nullptr) {
    if (!std::exchange(labs_->translating, false)) return show_lab();
    labs_->opening->take_over(*labs_->open);
    labs_->open = std::move(labs_->opening);
    return;
  }
  if (!labs_->opening->error().empty()) {
    tell(labs_->opening->error());
    when_opened_ = nullptr;
    labs_->opening.reset();
  }
}

namespace {

// The techniques in the order in which they came about; other lanes behind them as the lab has them.
std::vector<LessonLane> in_order(std::vector<LessonLane> lanes) {
  const auto rank = [](const LessonLane& lane) {
    return lane.name == "full" ? 0 : lane.name == "para" ? 1 : lane.name == "hardware" ? 2 : 3;
  };
  std::stable_sort(lanes.begin(), lanes.end(),
                   [&](const LessonLane& left, const LessonLane& right) { return rank(left) < rank(right); });
  return lanes;
}

}  // namespace

// The lanes that this host could record, with the lesson beside them.
void Shell::show_lab() {
  std::unique_ptr<LessonSession> session = std::move(labs_->opening);
  const OpenedLesson& lesson = *session->lesson();
  Link link;
  OpenedLab lab{lesson.number, lesson.name, lesson.seed, {}};
  for (const LessonLane& lane : in_order(lesson.lanes)) {
    if (!lane.trouble.empty()) {
      tell(lane.trouble);
      continue;
    }
    link.traces.push_back(lane.path);
    lab.lanes.push_back(lane.name);
  }
  if (link.traces.empty()) return;  // none could be recorded here, as was told
  const std::string told = told_;
  if (const auto shown = show(link); !shown) return tell(shown.error().sentence);
  remember_opened({lesson.number}, lesson.seed);
  tell(told);
  document_.lab = std::move(lab);
  labs_->open = std::move(session);
  for (std::size_t i = 0; i < document_.positions.size(); ++i)
    document_.positions[i] = in_sight(i, document_.positions[i]);
  use_preset("lesson");
  show_view("lesson");
  if (const auto then = std::exchange(when_opened_, nullptr)) then(*this);
}

std::optional<u64> Shell::gate_of(std::size_t lane) const {
  if (!labs_->open || !document_.lab || lane >= document_.lab->lanes.size()) return std::nullopt;
  return labs_->open->gate(document_.lab->lanes[lane]);
}

void Shell::take_horizons() {
  document_.horizons.clear();
  if (lesson() == nullptr) return;
  for (std::size_t lane = 0; lane < document_.lanes.size(); ++lane)
    document_.horizons.push_back(gate_of(lane).value_or(no_horizon));
}

// A prediction is made before what it is about is seen.
u64 Shell::in_sight(std::size_t lane, u64 sequence) const {
  const auto gate = gate_of(lane);
  if (!gate || sequence < *gate) return sequence;
  return *gate == 0 ? 0 : *gate - 1;
}

u64 Shell::before_gate(std::size_t lane, u64 sequence) {
  const auto gate = gate_of(lane);
  if (gate && sequence >= *gate) tell(words_.fill(Text::predict_first, {std::to_string(*gate)}));
  return in_sight(lane, sequence);
}

void Shell::wish_of_lesson(LessonWish wish) {
  if (lesson() == nullptr) return tell(std::string(words_(Text::no_lab)));
  show_view("lesson");
  lesson()->wish(wish);
}

LessonSession* Shell::lesson() const { return document_.lab ? labs_->open.get() : nullptr; }

std::string Shell::busy_sentence() const { return labs_->opening ? labs_->opening->progress() : labs_->sentence; }

bool Shell::labs_busy() const {
  return labs_->recording.going_on() || labs_->opening || (labs_->open && labs_->open->checking());
}

}  // namespace trapline::window
