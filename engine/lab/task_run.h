// One task being checked: what check.lua's function gets as `task`, and what it finds. The first expectation that does
// not hold ends the task, whatever the function catches.
//
// Functions among the answers are wrapped: an error in the learner's own code is told from one in the lab's.
#pragma once

#include <map>
#include <optional>

#include "check/report.h"
#include "lab/definition.h"
#include "lab/traces.h"
#include "lua/binding.h"

namespace trapline::lab {

// A lane of the lab, recorded before the tasks are checked; or why it could not be.
struct LabLane {
  lua::Value trace;
  std::string path;
  std::optional<Error> error;
};
using LabLanes = std::map<std::string, LabLane>;

struct Failure {
  std::string message, expected, actual, hint, show;
  std::optional<EventPlace> at;
};

class TaskRun {
 public:
  TaskRun(const Definition& definition, const TaskRow& row, const LabLanes& lanes, std::string scratch);

  // The answer, its functions wrapped.
  void set_answer(const lua::Value& answer, lua::Sandbox& submission);
  const lua::Value& answer() const { return answer_; }
  const Definition& definition() const { return definition_; }
  const TaskRow& row() const { return row_; }

  Result<lua::Value> lane(const std::string& name);
  Result<lua::Value> run(const lua::Table& options);

  // What an expectation is about, as the check's script told it: a text, or {what, hint, at, show}. `expected` and
  // `seen` may be told in other words too, where the value itself would be the answer to copy.
  Failure described(const lua::Value& info) const;
  // The lab's own text in the language of the check, where the lab has it; else as it is.
  std::string in_words_of_reader(std::string_view english) const;
  // Ends the task; gives the error that leaves the check's function.
  Error fail(Failure failure);

  const std::optional<Failure>& failure() const { return failure_; }
  const std::optional<Error>& submission_error() const { return submission_error_; }
  const std::optional<Error>& unavailable() const { return unavailable_; }
  // A run that could not begin. What the lab itself gives for one is held by its solution; so an option that cannot be
  // is the answer's, unless the check goes on from there.
  const std::optional<Error>& refused_run() const { return refused_run_; }
  u64 expectations() const { return expectations_; }
  void count_expectation() { ++expectations_; }
  void note_submission_error(const Error& error);

  static const lua::ClassRow& lua_class();

 private:
  lua::Value wrapped(const lua::Value& value, lua::Sandbox& submission);

  const Definition& definition_;
  const TaskRow& row_;
  const LabLanes& lanes_;
  std::string scratch_;
  lua::Value answer_;
  std::optional<Failure> failure_;
  std::optional<Error> submission_error_, unavailable_, refused_run_;
  u64 expectations_ = 0, runs_ = 0;
};

// A value for people: large integers in hex too.
std::string shown(const lua::Value& value);

}  // namespace trapline::lab
