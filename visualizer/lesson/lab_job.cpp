#include "visualizer/lesson/lab_job.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "lab/lanes.h"
#include "lab/lesson.h"
#include "lab/predict.h"
#include "lab/scratch.h"
#include "lab/words.h"

namespace trapline::window {

namespace {

LessonTask task_of(const lab::Definition& definition, const lab::LabLanes& lanes, const lab::TaskRow& row,
                   const std::string& exercise) {
  LessonTask task;
  task.id = row.id;
  task.title = row.title;
  task.kind = row.kind;
  task.question = row.question;
  task.shape = shape_in_exercise(exercise, row.id);
  task.points = row.points;
  task.hints = row.hints;
  if (row.kind != "predict") return task;
  // Without its lane there is no moment to pause at; the task can still be answered.
  const auto pause = lab::pause_of(definition, lanes, row);
  if (pause) task.prediction = Prediction{pause->lane, pause->sequence, pause->before, pause->events};
  return task;
}

std::string text_of_file(const std::string& path) {
  const auto text = lab::read_file(path);
  return text ? *text : std::string();
}

// A picture that the lesson's renderer did not take for one has no path, and is shown as its caption.
std::vector<Block> blocks_of(const lab::Lesson& lesson) {
  std::vector<Block> blocks = read_markdown(lesson.linked);
  for (Block& block : blocks) {
    const std::string target = std::exchange(block.target, {});
    for (const lab::LessonPicture& picture : lesson.pictures)
      if (block.kind == BlockKind::picture && picture.target == target) block.target = picture.path;
  }
  return blocks;
}

}  // namespace

const LessonTask* OpenedLesson::task(std::string_view id) const {
  const auto found = std::find_if(tasks.begin(), tasks.end(), [&](const LessonTask& task) { return task.id == id; });
  return found == tasks.end() ? nullptr : &*found;
}

std::string shape_in_exercise(const std::string& exercise, const std::string& id) {
  std::istringstream lines(exercise);
  std::string shape;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find_first_not_of(" \t");
    const std::string_view rest =
        first == std::string::npos ? std::string_view() : std::string_view(line).substr(first);
    if (rest.starts_with(id + " =")) return shape;
    if (!rest.starts_with("--")) {
      shape.clear();
      continue;
    }
    const std::size_t words = rest.find_first_not_of("- ");
    if (words == std::string_view::npos) continue;
    shape += (shape.empty() ? "" : "\n") + std::string(rest.substr(words));
  }
  return {};
}

std::vector<std::string> names_of_labs() {
  std::vector<std::string> names;
  for (const lab::Place& place : lab::all_labs()) names.push_back(place.name);
  return names;
}

std::vector<std::string> texts_of_labs(Language language) {
  std::vector<std::string> texts;
  for (const lab::Place& place : lab::all_labs()) {
    texts.push_back(text_of_file(place.lesson_in(language)));
    texts.push_back(text_of_file(place.file("lab.lua")));
    if (language != Language::english)
      texts.push_back(text_of_file(place.file(std::string(name_of(language)) + ".lua")));
  }
  return texts;
}

Result<OpenedLesson> open_lesson(const LabRequest& request, const LabWatch& goes_on) {
  if (!goes_on({})) return lab::interrupted_error();
  const auto place = lab::find_lab(request.lab);
  if (!place) return place.error();
  const auto definition = lab::load(*place, request.seed, request.language);
  if (!definition) return definition.error();
  LabProgress progress{LabStep::recording, {}, 0, definition->lanes.fields().size()};
  const auto lanes =
      lab::record_lanes(*definition, lab::out_folder(place->name, request.seed), [&](const std::string& lane) {
        progress.lane = lane;
        ++progress.number;
        return goes_on(progress);
      });
  if (!lanes) return lanes.error();
  progress.step = LabStep::rendering;
  if (!goes_on(progress)) return lab::interrupted_error();
  const auto lesson = lab::render_lesson(*definition, *lanes);
  if (!lesson) return lesson.error();
  OpenedLesson opened{place->word, place->name, definition->title, definition->summary, request.seed, request.language,
                      {},          {},          blocks_of(*lesson)};
  for (const auto& [name, lane] : *lanes)
    opened.lanes.push_back({name, lane.path, lane.error ? lane.error->sentence : std::string()});
  const std::string exercise = text_of_file(place->file("exercise.lua"));
  for (const lab::TaskRow& row : definition->tasks) opened.tasks.push_back(task_of(*definition, *lanes, row, exercise));
  return opened;
}

LabJob::LabJob(LabRequest request) {
  thread_ = std::thread([this, request = std::move(request)] {
    auto result = open_lesson(request, [this](const LabProgress& progress) {
      const std::lock_guard lock(mutex_);
      progress_ = progress;
      return !cancelled_;
    });
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
  });
}

LabJob::~LabJob() {
  cancel();
  wait();
}

LabProgress LabJob::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

std::optional<Result<OpenedLesson>> LabJob::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(result_, std::nullopt);
}

void LabJob::wait() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace trapline::window
