#include "visualizer/lesson/check_result.h"

#include <charconv>
#include <filesystem>
#include <sstream>

#include <nlohmann/json.hpp>

namespace trapline::window {

namespace {

using Object = nlohmann::json;

std::string text_in(const Object& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

TaskResult task_of(const Object& object) {
  TaskResult task;
  task.id = text_in(object, "id");
  task.status = check::status_named(text_in(object, "status")).value_or(check::Status::error);
  const auto filled = object.find("filled_in");
  task.filled_in = filled == object.end() || !filled->is_boolean() || filled->get<bool>();
  task.message = text_in(object, "message");
  task.expected = text_in(object, "expected");
  task.actual = text_in(object, "actual");
  task.hint = text_in(object, "hint");
  task.printed = text_in(object, "printed");
  task.event = text_in(object, "event");
  task.at = event_at(task.event, text_in(object, "show"));
  return task;
}

}  // namespace

CheckResult read_check_result(const std::string& output) {
  CheckResult result;
  std::istringstream lines(output);
  Object report;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("{")) report = Object::parse(line, nullptr, false);
    if (!line.empty() && report.is_null()) result.failure += (result.failure.empty() ? "" : "\n") + line;
  }
  if (!report.is_object()) {
    constexpr std::size_t shown = 600;
    if (result.failure.size() > shown) result.failure.resize(shown);
    if (result.failure.empty()) result.failure = "The check ended without a result.";
    return result;
  }
  result.failure = text_in(report, "failure");
  const auto checks = report.find("checks");
  if (checks != report.end() && checks->is_array())
    for (const Object& check : *checks)
      if (check.is_object()) result.tasks.push_back(task_of(check));
  if (result.tasks.empty() && result.failure.empty()) result.failure = "The check told of no task.";
  return result;
}

std::optional<EventAt> event_at(const std::string& event, const std::string& show) {
  constexpr std::string_view begin = "event ", ending = ".trap";
  if (!event.starts_with(begin)) return std::nullopt;
  EventAt at;
  const char* const last = event.data() + event.size();
  const auto [end, error] = std::from_chars(event.data() + begin.size(), last, at.sequence);
  if (error != std::errc() || end == last || *end != ':') return std::nullopt;
  const std::size_t file_end = show.find(ending);
  if (file_end == std::string::npos) return std::nullopt;
  const std::size_t slash = show.rfind('/', file_end), space = show.rfind(' ', file_end);
  if (slash == std::string::npos || (space != std::string::npos && space > slash)) return std::nullopt;
  at.lane = show.substr(slash + 1, file_end - slash - 1);
  return at;
}

}  // namespace trapline::window
