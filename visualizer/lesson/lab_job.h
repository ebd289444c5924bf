// Opening a lab: its definition is loaded, its lanes are recorded where `trapline run LAB` leaves them, its lesson is
// rendered and its predictions are prepared. What comes of it is plain data.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/language.h"
#include "base/result.h"
#include "visualizer/lesson/markdown.h"

namespace trapline::window {

struct LabRequest {
  std::string lab;  // number, name or folder
  u64 seed = 1;
  Language language = Language::english;
};

struct LessonLane {
  std::string name, path;
  std::string trouble;  // why this host could not record it; empty where it did
};

// The run pauses before the event; `events` are not for eyes before somebody has said what they will be.
struct Prediction {
  std::string lane;
  u64 sequence = 0;
  std::vector<std::string> before, events;
};

struct LessonTask {
  std::string id, title, kind, question;
  std::string shape;  // what exercise.lua says of the answer, in English
  u64 points = 1;
  std::vector<std::string> hints;
  std::optional<Prediction> prediction;
};

struct OpenedLesson {
  std::string number, name, title, summary;
  u64 seed = 1;
  Language language = Language::english;
  std::vector<LessonLane> lanes;
  std::vector<LessonTask> tasks;
  std::vector<Block> text;  // the targets of its pictures are their paths

  const LessonTask* task(std::string_view id) const;
};

enum class LabStep : u8 { loading, recording, rendering };
struct LabProgress {
  LabStep step = LabStep::loading;
  std::string lane;                // that is being recorded
  std::size_t number = 0, of = 0;  // of the lane, from 1
};

// Told before each step; false ends the work.
using LabWatch = std::function<bool(const LabProgress&)>;
Result<OpenedLesson> open_lesson(const LabRequest& request, const LabWatch& goes_on);

// The comment above each task's `nil` in an exercise.
std::string shape_in_exercise(const std::string& exercise, const std::string& id);

// The labs that there are, by name.
std::vector<std::string> names_of_labs();

// What lessons and tasks of all labs are written with, for the fonts' glyphs.
std::vector<std::string> texts_of_labs(Language language);

// The same on a thread.
class LabJob {
 public:
  explicit LabJob(LabRequest request);
  ~LabJob();
  LabJob(const LabJob&) = delete;
  LabJob& operator=(const LabJob&) = delete;

  LabProgress progress() const;
  void cancel() { cancelled_ = true; }
  // Once, when it is there.
  std::optional<Result<OpenedLesson>> take();
  void wait();

 private:
  mutable std::mutex mutex_;
  LabProgress progress_;
  std::optional<Result<OpenedLesson>> result_;
  std::atomic<bool> cancelled_ = false;
  std::thread thread_;
};

}  // namespace trapline::window
