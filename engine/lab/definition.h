// lab.lua, read and believed only as far as it is well formed: title, lanes, tasks. A lab's files are trusted not to be
// hostile, but not to be right; every mistake is a usage error that names the file and the task.
#pragma once

#include <map>
#include <memory>

#include "lab/place.h"
#include "lua/sandbox.h"

namespace trapline::lab {

struct TaskRow {
  std::string id, title, kind, question;
  u64 points = 1;
  std::string answer;  // boolean, integer, string, table, function; empty: any
  std::string at;      // predict: the filter of the event at which the run pauses
  std::string reveal;  // predict: the next event of this filter is shown afterwards, with all that belongs to it
  std::string lane;    // predict: whose event; the first by name where empty
  std::vector<std::string> hints;
  std::vector<std::string> offers;  // functions of `trapline` that answers may call inside the check
};

struct Definition {
  Place place;
  Language language = Language::english;  // of titles, questions, hints and the lesson, where the lab has them in it
  std::string title, summary;
  u64 minutes = 15;
  u64 seed = 1;
  lua::Table lanes;  // name -> options of run
  std::vector<TaskRow> tasks;
  std::map<std::string, std::string, std::less<>> says;  // what check.lua says, from English to the language
  std::unique_ptr<lua::Sandbox> sandbox;  // where lab.lua ran; functions among the lanes' options live here

  const TaskRow* task(std::string_view id) const;
  TaskRow* task(std::string_view id);
};

Result<Definition> load(const Place& place, u64 seed, Language language = Language::english);

// A sandbox for a file of a lab: `require` finds scripts/lua.
Result<std::unique_ptr<lua::Sandbox>> open_sandbox(lua::SandboxOptions options = {});
// For the lab's own files, which may also require what lies beside them and no learner's script can: guests, keys.
Result<std::unique_ptr<lua::Sandbox>> open_sandbox_of(const Place& place);

// Runs a file of the lab; the table that it must return.
Result<lua::Table> table_of(lua::Sandbox& sandbox, const std::string& path);

}  // namespace trapline::lab
