// What the window says, for those who cannot look at it.
#include <cmath>
#include <filesystem>

#include "base/json.h"
#include "visualizer/app/shell.h"
#include "visualizer/lesson/session.h"

namespace trapline::window {

namespace {

std::string_view name_of(TaskState state) {
  constexpr std::string_view names[] = {"open", "answered", "checking", "passed", "failed", "broken", "skipped"};
  return names[static_cast<std::size_t>(state)];
}

Json tasks_of(const LessonSession* session) {
  Json tasks = Json::object();
  if (session == nullptr || session->lesson() == nullptr) return tasks;
  for (const TaskCard& card : session->rows().cards) {
    Json task = Json::object();
    task.set("state", name_of(card.state)).set("answer", session->answers().of(card.task->id));
    task.set("hints", u64{card.hints.size()}).set_flag("paused", card.prediction != nullptr && card.said == nullptr);
    tasks.set(card.task->id, task);
  }
  return tasks;
}

// x y width height, whole pixels inside of the thing.
std::string text_of(const Landmark& place) {
  std::string text;
  for (const float value : {std::ceil(place.x), std::ceil(place.y), std::floor(place.width), std::floor(place.height)})
    text += (text.empty() ? "" : " ") + std::to_string(static_cast<int>(value));
  return text;
}

}  // namespace

std::string Shell::state() const {
  Json state = Json::object();
  state.set_flag("start", start_shown_ || document_.empty()).set_flag("restless", restless());
  state.set("busy", busy_sentence()).set("told", told_);
  state.set("lab", document_.lab ? document_.lab->name : "");
  Json lanes = Json::array();
  for (std::size_t i = 0; i < document_.lanes.size(); ++i) {
    Json lane = Json::object();
    lane.set("name", lane_name(i)).set("at", document_.positions[i]).set("events", document_.lanes[i].events);
    lanes.push(lane);
  }
  state.set("lanes", lanes).set("focus", u64{document_.focus}).set("view", view_).set("filter", document_.filter);
  state.set("layout", settings_.preset).set("panels", window::text_of(layout_));
  state.set("theme", settings_.theme).set("language", trapline::name_of(settings_.language));
  state.set_flag("palette", palette_.is_open()).set_flag("keys", keys_shown_).set_flag("writing", writing_);
  state.set("tasks", tasks_of(lesson()));
  Json places = Json::object();
  for (const auto& [name, place] : landmarks_.places) places.set(name, text_of(place));
  return state.set("landmarks", places).line();
}

// The file is whole at every moment: it is replaced by one that is.
void Shell::write_state() {
  std::string now = state() + "\n";
  if (now == written_state_) return;
  written_state_ = std::move(now);
  const std::string beside = options_.state_file + ".part";
  std::error_code error;
  if (write_file(beside, written_state_)) std::filesystem::rename(beside, options_.state_file, error);
}

}  // namespace trapline::window
