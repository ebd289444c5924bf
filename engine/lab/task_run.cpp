#include "lab/task_run.h"

#include <cstdio>

#include "base/grouped.h"

namespace trapline::lab {

namespace {

// A function of the submission's, which notes what it raised.
class LearnersFunction : public lua::Callable {
 public:
  LearnersFunction(lua::FunctionValue function, TaskRun& task, lua::Sandbox& submission)
      : function_(std::move(function)), task_(task), submission_(submission) {}

  Result<std::vector<lua::Value>> call(std::span<const lua::Value> arguments) override {
    auto results = submission_.call(function_, arguments);
    if (!results) task_.note_submission_error(results.error());
    return results;
  }
  std::string place() const override { return function_->place(); }

 private:
  lua::FunctionValue function_;
  TaskRun& task_;
  lua::Sandbox& submission_;
};

std::string text_in(const lua::Table& table, const char* key) {
  const lua::Value& value = table[key];
  return value.string() ? *value.string() : std::string();
}

}  // namespace

TaskRun::TaskRun(const Definition& definition, const TaskRow& row, const LabLanes& lanes, std::string scratch)
    : definition_(definition), row_(row), lanes_(lanes), scratch_(std::move(scratch)) {}

void TaskRun::set_answer(const lua::Value& answer, lua::Sandbox& submission) { answer_ = wrapped(answer, submission); }

lua::Value TaskRun::wrapped(const lua::Value& value, lua::Sandbox& submission) {
  if (const lua::FunctionValue* function = value.function())
    return lua::Value(lua::FunctionValue(std::make_shared<LearnersFunction>(*function, *this, submission)));
  if (!value.table()) return value;
  lua::Table table;
  for (const lua::Field& field : value.table()->fields()) table.append({field.key, wrapped(field.value, submission)});
  table.sort();
  return table;
}

Result<lua::Value> TaskRun::lane(const std::string& name) {
  const auto found = lanes_.find(name);
  if (found == lanes_.end()) {
    std::string names;
    for (const auto& [known, lane] : lanes_) names += (names.empty() ? "" : ", ") + known;
    return usage_error("this lab has no lane '" + name + "'; its lanes are " + (names.empty() ? "none" : names));
  }
  if (!found->second.error) return found->second.trace;
  if (found->second.error->kind == ErrorKind::unavailable) unavailable_ = found->second.error;
  return *found->second.error;
}

Result<lua::Value> TaskRun::run(const lua::Table& options) {
  auto trace = record(options, definition_.seed, scratch_, row_.id + "-run-" + std::to_string(++runs_));
  if (trace) return trace;
  if (trace.error().kind == ErrorKind::unavailable) {
    unavailable_ = trace.error();
    return trace;
  }
  refused_run_ = trace.error();
  return trace;
}

std::string TaskRun::in_words_of_reader(std::string_view english) const {
  const auto found = definition_.says.find(english);
  return found == definition_.says.end() ? std::string(english) : found->second;
}

Failure TaskRun::described(const lua::Value& info) const {
  Failure failure;
  if (info.string()) failure.message = *info.string();
  if (const lua::Table* table = info.table()) {
    failure.message = text_in(*table, "what");
    failure.hint = text_in(*table, "hint");
    failure.show = text_in(*table, "show");
    failure.expected = text_in(*table, "expected");
    failure.actual = text_in(*table, "seen");
    failure.at = place_of((*table)["at"]);
  }
  for (std::string* text : {&failure.message, &failure.hint, &failure.expected, &failure.actual})
    *text = in_words_of_reader(*text);
  return failure;
}

Error TaskRun::fail(Failure failure) {
  if (!failure_) failure_ = std::move(failure);
  return usage_error("this expectation does not hold, and the task ends here");
}

void TaskRun::note_submission_error(const Error& error) {
  if (!submission_error_) submission_error_ = error;
}

std::string shown(const lua::Value& value) {
  constexpr u64 plain_up_to = 9999;
  const i64* number = value.integer();
  if (!number) return value.text(400);
  if (*number >= 0 && static_cast<u64>(*number) <= plain_up_to) return std::to_string(*number);
  char hex[24];
  std::snprintf(hex, sizeof hex, "0x%llx", static_cast<unsigned long long>(*number));
  return (*number < 0 ? std::to_string(*number) : grouped(static_cast<u64>(*number))) + " (" + hex + ")";
}

}  // namespace trapline::lab
