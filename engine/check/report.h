// What a check of a submission found: the one model that every writer (text, JSON, Gradescope, JUnit, TAP, check50)
// prints. Whoever fills it fails closed: a check begins as `error` and becomes `pass` only where somebody said so.
//
// Texts may hold anything a learner's program made up; each writer cleans them for its own format (clean.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/integers.h"
#include "base/language.h"

namespace trapline::check {

enum class Status : u8 { pass, fail, skip, error };

// Whose trouble a check that is no `pass` and no `fail` tells of; the exit code follows from it.
enum class Trouble : u8 {
  none,
  submission,   // the learner's program broke off
  budget,       // it spent its instructions, memory or time
  lab,          // the lab's own scripts are wrong
  unavailable,  // this host lacks something
  internal,     // a promise of ours was broken
};

struct Check {
  std::string id;     // a word: count_exits
  std::string title;  // for people
  std::string kind;   // predict, measure, configure, repair, handler, explain
  u32 number = 0;     // from 1, in the lab's order
  Status status = Status::error;
  Trouble trouble = Trouble::internal;  // read where status is error or skip
  bool filled_in = true;                // false: the exercise's answer is still nil
  u64 points = 0;
  u64 max_points = 0;
  std::string message;  // one sentence
  std::string expected;
  std::string actual;
  std::string event;  // the event that a failure points at, as `trapline events` prints it
  std::string show;   // the command that shows it
  std::string hint;
  u32 hint_number = 0;  // which of the task's hints that is, from 1; 0 where it belongs to the failure itself
  u32 hint_count = 0;
  std::string printed;     // what the submission printed while it was checked
  std::string dependency;  // the id of the check that this one waits for
};

// A lane that was recorded for the check: what it was graded against can be told apart later.
struct GradedLane {
  std::string name;
  std::string event_hash;
};

struct Report {
  std::string lab;    // 07-three-ways
  std::string title;  // for people
  u64 seed = 1;
  std::string file;           // the exercise that was checked
  std::string check_command;  // what to type to check it again
  std::string lesson_command;
  std::string list_command;               // shows the other labs
  Language language = Language::english;  // of the texts above and below, and of the report for people
  bool one_task = false;                  // only one of the lab's tasks was looked at
  std::vector<GradedLane> lanes;
  std::vector<Check> checks;
  // Where nothing could be checked at all: why, and whose trouble it is.
  std::string failure;
  Trouble failure_trouble = Trouble::none;

  u64 points() const;
  u64 max_points() const;
  u64 count(Status status) const;
};

// 0 all passed, 1 one failed or broke off, 2 the lab's scripts are wrong, 3 internal error, 77 all skipped, 124 nothing
// worse than a spent budget. A report without a single check has not passed.
int exit_code(const Report& report);

std::string_view name_of(Status status);
std::optional<Status> status_named(std::string_view name);
std::string_view name_of(Trouble trouble);

}  // namespace trapline::check
