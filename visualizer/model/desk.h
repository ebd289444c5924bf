// Where views put questions and a worker answers them, so that no frame ever waits for a trace.
//
//   Asked<TlbRows> rows_;                                  a member of the view
//   const TlbRows* rows = rows_.of(desk, question, tlb_rows);   in every frame: the last complete answer, or null
//
// An answer is a pure function of the question and the lanes. A newer question of the same view replaces an older one
// that waits, and interrupts one that is being worked on. `Mode::at_once` answers in place: for pictures and tests.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/language.h"
#include "views/subject.h"
#include "visualizer/model/lane.h"
#include "visualizer/model/moment.h"

namespace trapline::window {

struct Question {
  Moment at;
  views::Subject subject;
  Language language = Language::english;
  u64 first = 0, second = 0;  // whatever else the view's rows depend on
  std::string about;
  u64 horizon = no_horizon;  // of the lane of `at`: events from here on are not to be shown yet

  friend bool operator==(const Question&, const Question&) = default;
};

// Work that goes on while nobody asks, a slice at a time; false once there is no more of it.
using IdleJob = std::function<bool(LaneSet& lanes)>;

// What a question costs at most before its answer should look at the interrupt again is up to whoever answers it.
using Job = std::function<void(LaneSet& lanes, const Interrupt& interrupt)>;

class Desk {
 public:
  enum class Mode : u8 { threaded, at_once };

  Desk(std::vector<std::string> paths, Mode mode);
  Desk(std::unique_ptr<LaneSet> lanes, Mode mode);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // `owner` names the slot: one question of an owner is pending at most.
  void post(const void* owner, Job job);
  // Nobody waits for the owner's answer any more.
  void forget(const void* owner);
  // Done in slices whenever no question waits, until it says that there is no more. A slice should take some 20 ms.
  void while_idle(IdleJob job);
  bool idle_done() const;
  // Slices done so far: who shows what they build asks again when it has grown.
  u64 slices() const;
  // A question waits or is being worked on.
  bool busy() const;
  // Blocks until no question waits and the idle work is done.
  void settle();
  // Processor time that answers have taken so far, for benches.
  u64 nanoseconds() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

template <typename Rows>
class Asked {
 public:
  Asked() = default;
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;
  ~Asked() {
    if (desk_ != nullptr) desk_->forget(this);
  }

  // `answer(lanes, question, interrupt)` returns Rows; what it returns after an interrupt is thrown away. The pointer
  // is good until the next call.
  template <typename Answer>
  const Rows* of(Desk& desk, const Question& question, Answer answer) {
    desk_ = &desk;
    take();
    if (!question_ || *question_ != question) {
      question_ = question;
      desk.post(this, [box = box_, question, answer = std::move(answer)](LaneSet& lanes, const Interrupt& interrupt) {
        auto rows = std::make_shared<const Rows>(answer(lanes, question, interrupt));
        if (interrupt) return;
        const std::lock_guard lock(box->mutex);
        box->rows = std::move(rows);
        box->question = question;
      });
      take();
    }
    return rows_.get();
  }

  // Forgets the answer and the desk, which may go away now.
  void reset() {
    if (desk_ != nullptr) desk_->forget(this);
    desk_ = nullptr;
    box_ = std::make_shared<Box>();
    question_.reset();
    answered_.reset();
    rows_.reset();
  }

  // Whether what `of` returned last answers the question that was asked last.
  bool current() const { return rows_ && answered_ == question_; }

 private:
  struct Box {
    std::mutex mutex;
    std::shared_ptr<const Rows> rows;
    std::optional<Question> question;
  };

  void take() {
    const std::lock_guard lock(box_->mutex);
    if (!box_->rows) return;
    rows_ = box_->rows;
    answered_ = box_->question;
  }

  Desk* desk_ = nullptr;
  std::shared_ptr<Box> box_ = std::make_shared<Box>();
  std::optional<Question> question_, answered_;
  std::shared_ptr<const Rows> rows_;
};

}  // namespace trapline::window
