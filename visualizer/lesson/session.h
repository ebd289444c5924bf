// A lab that is open: first it is being opened, then it can be read, answered and checked. The shell opens it and looks
// after it in every frame; the lesson pane draws it. Everything slow happens elsewhere.
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "visualizer/lesson/check_job.h"
#include "visualizer/lesson/lesson_rows.h"

namespace trapline::window {

struct LessonOptions {
  enum class Mode : u8 { threaded, at_once };
  Mode mode = Mode::threaded;
  std::string program = "/proc/self/exe";  // that checks: `PROGRAM check ...`
  std::string answers;                     // a file of them; the lab's own below trapline-out where empty
};

// What a key asks of the lesson pane, which does it when it is drawn next.
enum class LessonWish : u8 {
  none,
  next_answer,
  previous_answer,
  check,
  check_all,
  hint,
  other_page,
  page_up,
  page_down
};

class LessonSession {
 public:
  static std::unique_ptr<LessonSession> open(std::string lab, u64 seed, Language language, LessonOptions options = {});
  ~LessonSession();

  // Takes what threads and processes have finished. True where something changed.
  bool poll();

  // While it is being opened: what is being done, as a sentence. Empty otherwise.
  std::string progress() const;
  // Why it could not be opened, or what went wrong since. Empty where nothing did.
  const std::string& error() const { return error_; }
  // Null until it is open. Its lanes say where the traces lie.
  const OpenedLesson* lesson() const { return lesson_ ? &*lesson_ : nullptr; }

  LessonRows rows() const { return lesson_rows(*lesson_, answers_, histories_); }
  std::optional<u64> gate(const std::string& lane) const;

  const Answers& answers() const { return answers_; }
  void answer(const std::string& task, std::string text) { answers_.set(task, std::move(text)); }
  void save();
  void check(const std::string& task);
  void check_all();
  bool checking() const { return running_ || !waiting_.empty(); }
  void stop_checks();
  void show_hint(const std::string& task) { ++histories_[task].hints; }
  // The answer as it stands is the prediction; from now on what happened may be seen.
  void predict(const std::string& task);
  // What was done in the same lab so far, for one that was opened again in another language.
  void take_over(const LessonSession& other);
  void wish(LessonWish wish) { wish_ = wish; }
  LessonWish take_wish() { return std::exchange(wish_, LessonWish::none); }
  // Waits until everything that was asked for is done, for tests and pictures.
  void settle();

 private:
  LessonSession(std::string lab, u64 seed, Language language, LessonOptions options);
  void opened(Result<OpenedLesson> lesson);
  void start_next();
  void finish(const CheckResult& result);

  LabRequest request_;
  LessonOptions options_;
  std::unique_ptr<LabJob> job_;
  std::optional<OpenedLesson> lesson_;
  Answers answers_{""};
  Histories histories_;
  std::deque<std::string> waiting_;
  std::unique_ptr<CheckJob> running_;
  std::string error_;
  LessonWish wish_ = LessonWish::none;
};

}  // namespace trapline::window
