#include "lab/definition.h"

#include <algorithm>
#include <set>

#include "lab/fields.h"
#include "lab/translation.h"
#include "session/catalog.h"

namespace trapline::lab {

namespace {

constexpr std::string_view kinds[] = {"predict", "measure", "configure", "repair", "handler", "explain"};
constexpr std::string_view answers[] = {"boolean", "integer", "string", "table", "function"};

template <std::size_t N>
bool is_one_of(const std::string& text, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

Result<TaskRow> task_of(lua::Sandbox& sandbox, const lua::Value& value, u64 seed, const lua::Value& facts,
                        const std::string& where) {
  if (!value.table()) return usage_error(where + ": a task must be a table");
  Fields fields(*value.table(), where);
  TaskRow row;
  row.id = fields.text("id", true);
  if (row.id.empty() || row.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
    fields.mistake("id must be a word of small letters, digits and _, such as count_exits");
  row.title = fields.text("title", true);
  row.kind = fields.text("kind", true);
  if (!is_one_of(row.kind, kinds))
    fields.mistake("kind '" + row.kind + "' is none of predict, measure, configure, repair, handler, explain");
  row.points = fields.number("points", 1);
  row.answer = fields.text("answer", false);
  if (!row.answer.empty() && !is_one_of(row.answer, answers))
    fields.mistake("answer '" + row.answer + "' is none of boolean, integer, string, table, function");
  row.lane = fields.text("lane", false);
  row.hints = fields.list("hints");
  row.offers = fields.list("offers");
  if (auto checked = fields.checked(); !checked) return checked.error();
  const auto question = question_of(sandbox, fields["question"], seed, facts, where);
  if (!question) return question.error();
  row.question = *question;
  const auto at = for_seed(sandbox, fields["at"], seed);
  if (!at) return at.error();
  if (!at->is_nil() && !at->string()) return usage_error(where + ": at must be a filter, or a function that makes one");
  if (at->string()) row.at = *at->string();
  row.reveal = fields.text("reveal", false);
  return row;
}

Result<> read_tasks(Definition& definition, const lua::Value& tasks, const lua::Value& facts, const std::string& file) {
  if (!tasks.table() || tasks.table()->length() == 0)
    return usage_error(file + ": tasks must be a list with at least one task");
  std::set<std::string> ids;
  for (std::size_t index = 1; index <= tasks.table()->length(); ++index) {
    const lua::Value& value = (*tasks.table())[static_cast<i64>(index)];
    auto row = task_of(*definition.sandbox, value, definition.seed, facts, file + ": task " + std::to_string(index));
    if (!row) return row.error();
    if (!ids.insert(row->id).second) return usage_error(file + ": two tasks are called " + row->id);
    definition.tasks.push_back(std::move(*row));
  }
  return {};
}

Result<> read_lanes(Definition& definition, const lua::Value& lanes, const std::string& file) {
  const auto made = for_seed(*definition.sandbox, lanes, definition.seed);
  if (!made) return made.error();
  if (made->is_nil()) return {};
  if (!made->table()) return usage_error(file + ": lanes must be a table, or a function that makes one");
  for (const lua::Field& field : made->table()->fields())
    if (!field.key.string() || !field.value.table())
      return usage_error(file + ": lanes must go from names to tables of options");
  definition.lanes = *made->table();
  return {};
}

}  // namespace

const TaskRow* Definition::task(std::string_view id) const {
  const auto found = std::find_if(tasks.begin(), tasks.end(), [&](const TaskRow& row) { return row.id == id; });
  return found == tasks.end() ? nullptr : &*found;
}

TaskRow* Definition::task(std::string_view id) {
  return const_cast<TaskRow*>(static_cast<const Definition&>(*this).task(id));
}

Result<std::unique_ptr<lua::Sandbox>> open_sandbox(lua::SandboxOptions options) {
  options.module_folders.push_back(session::home_folder() + "/scripts/lua");
  return lua::Sandbox::open(std::move(options));
}

Result<std::unique_ptr<lua::Sandbox>> open_sandbox_of(const Place& place) {
  lua::SandboxOptions options;
  options.module_folders.push_back(place.folder);
  return open_sandbox(std::move(options));
}

Result<lua::Table> table_of(lua::Sandbox& sandbox, const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  const auto results = sandbox.run(*text, shown_path(path));
  if (!results) return results.error();
  if (!results->empty() && results->front().table()) return *results->front().table();
  return usage_error(shown_path(path) + " must end with `return { ... }`: it gave back " +
                     (results->empty() ? "nothing" : std::string(results->front().type_name())));
}

Result<Definition> load(const Place& place, u64 seed, Language language) {
  auto sandbox = open_sandbox_of(place);
  if (!sandbox) return sandbox.error();
  Definition definition;
  definition.place = place;
  definition.seed = seed;
  definition.language = language;
  definition.sandbox = std::move(*sandbox);
  const std::string file = shown_path(place.file("lab.lua"));
  const auto table = table_of(*definition.sandbox, place.file("lab.lua"));
  if (!table) return table.error();
  Fields fields(*table, file);
  definition.title = fields.text("title", true);
  definition.summary = fields.text("summary", false);
  definition.minutes = fields.number("minutes", 15);
  if (auto checked = fields.checked(); !checked) return checked.error();
  if (auto read = read_lanes(definition, fields["lanes"], file); !read) return read.error();
  const auto facts = for_seed(*definition.sandbox, fields["facts"], seed);
  if (!facts) return facts.error();
  if (!facts->is_nil() && !facts->table()) return usage_error(file + ": facts must be a function that makes a table");
  if (auto read = read_tasks(definition, fields["tasks"], *facts, file); !read) return read.error();
  if (auto translated = translate(definition, *facts); !translated) return translated.error();
  return definition;
}

}  // namespace trapline::lab
