#include "visualizer/lesson/session.h"

#include <algorithm>
#include <filesystem>

#include "visualizer/words/words.h"

namespace trapline::window {

namespace {

std::string sentence_of(const LabProgress& progress, const Words& words) {
  switch (progress.step) {
    case LabStep::loading:
      return std::string(words(Text::lesson_loading));
    case LabStep::recording:
      return words.fill(Text::lesson_recording,
                        {progress.lane, std::to_string(progress.number), std::to_string(progress.of)});
    case LabStep::rendering:
      return std::string(words(Text::lesson_rendering));
  }
  return {};
}

}  // namespace

std::unique_ptr<LessonSession> LessonSession::open(std::string lab, u64 seed, Language language,
                                                   LessonOptions options) {
  return std::unique_ptr<LessonSession>(new LessonSession(std::move(lab), seed, language, std::move(options)));
}

LessonSession::LessonSession(std::string lab, u64 seed, Language language, LessonOptions options)
    : request_{std::move(lab), seed, language}, options_(std::move(options)) {
  if (options_.mode == LessonOptions::Mode::at_once)
    opened(open_lesson(request_, [](const LabProgress&) { return true; }));
  else
    job_ = std::make_unique<LabJob>(request_);
}

LessonSession::~LessonSession() { save(); }

void LessonSession::opened(Result<OpenedLesson> lesson) {
  if (!lesson) {
    error_ = lesson.error().sentence;
    return;
  }
  lesson_ = std::move(*lesson);
  answers_ = Answers(options_.answers.empty() ? Answers::path_of(lesson_->name) : options_.answers);
  if (auto loaded = answers_.load(); !loaded) error_ = loaded.error().sentence;
}

bool LessonSession::poll() {
  bool changed = false;
  if (job_) {
    if (auto result = job_->take()) {
      job_.reset();
      opened(std::move(*result));
      changed = true;
    }
  }
  if (running_) {
    if (const auto result = running_->poll()) {
      finish(*result);
      changed = true;
    }
  }
  if (!running_) start_next();
  return changed;
}

std::string LessonSession::progress() const {
  return job_ ? sentence_of(job_->progress(), Words(request_.language)) : std::string();
}

std::optional<u64> LessonSession::gate(const std::string& lane) const {
  return lesson_ ? gate_of(*lesson_, histories_, lane) : std::nullopt;
}

void LessonSession::save() {
  if (!lesson_) return;
  std::vector<std::string> order;
  bool any = std::filesystem::exists(answers_.path());
  for (const LessonTask& task : lesson_->tasks) {
    order.push_back(task.id);
    any = any || !answers_.of(task.id).empty();
  }
  if (!any) return;
  if (auto saved = answers_.save(order); !saved) error_ = saved.error().sentence;
}

void LessonSession::check(const std::string& task) {
  TaskHistory& history = histories_[task];
  if (!lesson_ || !lesson_->task(task) || history.checking) return;
  history.checking = true;
  history.checked = answers_.of(task);
  waiting_.push_back(task);
  save();
  if (!running_) start_next();
}

void LessonSession::check_all() {
  for (const LessonTask& task : lesson_->tasks)
    if (answers_.answered(task.id) && (!task.prediction || histories_[task.id].said)) check(task.id);
}

void LessonSession::stop_checks() {
  running_.reset();
  waiting_.clear();
  for (auto& [id, history] : histories_) history.checking = false;
}

void LessonSession::predict(const std::string& task) {
  if (!answers_.answered(task)) return;
  histories_[task].said = answers_.of(task);
  check(task);
}

// Each answer is checked from a file of its own, so that one that is no Lua does not spoil the others.
void LessonSession::start_next() {
  while (!waiting_.empty() && !running_) {
    const std::string task = waiting_.front();
    waiting_.pop_front();
    const std::filesystem::path folder = std::filesystem::path(answers_.path()).replace_extension("");
    CheckOrder order{options_.program, request_.lab, (folder / (task + ".lua")).string(), task};
    order.seed = request_.seed;
    order.language = request_.language;
    const auto written = write_file(order.file, answers_.submission_of(task));
    auto job = written ? CheckJob::start(order) : Result<std::unique_ptr<CheckJob>>(written.error());
    if (job) {
      running_ = std::move(*job);
    } else {
      histories_[task].checking = false;
      error_ = job.error().sentence;
    }
  }
}

void LessonSession::finish(const CheckResult& result) {
  const std::string task = running_->order().task;
  running_.reset();
  TaskHistory& history = histories_[task];
  history.checking = false;
  history.result.reset();
  for (const TaskResult& each : result.tasks)
    if (each.id == task) history.result = each;
  if (history.result) return;
  history.result = TaskResult{.id = task};
  history.result->message = result.failure;
}

void LessonSession::take_over(const LessonSession& other) {
  histories_ = other.histories_;
  for (auto& [task, history] : histories_) history.checking = false;
}

void LessonSession::settle() {
  if (job_) job_->wait();
  poll();
  while (checking()) {
    if (running_)
      if (const auto result = running_->wait(std::chrono::hours(1))) finish(*result);
    start_next();
  }
}

}  // namespace trapline::window
