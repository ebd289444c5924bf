#include "lab/translation.h"

#include <filesystem>

#include "lab/fields.h"

namespace trapline::lab {

namespace {

void replace(std::string& text, const std::string& other) {
  if (!other.empty()) text = other;
}

Result<> translate_task(Definition& definition, const lua::Field& field, const lua::Value& facts,
                        const std::string& file) {
  const std::string id = field.key.string() ? *field.key.string() : field.key.text();
  TaskRow* const row = field.key.string() ? definition.task(id) : nullptr;
  if (row == nullptr) return usage_error(file + ": the lab has no task " + id);
  const std::string where = file + ": task " + row->id;
  if (!field.value.table()) return usage_error(where + ": must be a table");
  Fields fields(*field.value.table(), where);
  replace(row->title, fields.text("title", false));
  std::vector<std::string> hints = fields.list("hints");
  if (auto checked = fields.checked(); !checked) return checked.error();
  if (!hints.empty() && hints.size() != row->hints.size())
    return usage_error(where + ": " + std::to_string(hints.size()) + " hints where lab.lua has " +
                       std::to_string(row->hints.size()));
  if (!hints.empty()) row->hints = std::move(hints);
  if (fields["question"].is_nil()) return {};
  const auto question = question_of(*definition.sandbox, fields["question"], definition.seed, facts, where);
  if (!question) return question.error();
  row->question = *question;
  return {};
}

Result<> translate_checks(Definition& definition, const lua::Value& says, const std::string& file) {
  if (says.is_nil()) return {};
  if (!says.table()) return usage_error(file + ": says must go from English texts to texts");
  for (const lua::Field& field : says.table()->fields()) {
    if (!field.key.string() || !field.value.string())
      return usage_error(file + ": says[" + field.key.text() + "]: both must be texts");
    if (places_of(*field.key.string()) != places_of(*field.value.string()))
      return usage_error(file + ": says[" + field.key.text() + "]: the places {0}, {1} ... differ");
    definition.says[*field.key.string()] = *field.value.string();
  }
  return {};
}

}  // namespace

Result<> translate(Definition& definition, const lua::Value& facts) {
  if (definition.language == Language::english) return {};
  const std::string path = definition.place.file(std::string(name_of(definition.language)) + ".lua");
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return {};
  const auto table = table_of(*definition.sandbox, path);
  if (!table) return table.error();
  const std::string file = shown_path(path);
  Fields fields(*table, file);
  replace(definition.title, fields.text("title", false));
  replace(definition.summary, fields.text("summary", false));
  if (auto checked = fields.checked(); !checked) return checked.error();
  if (auto translated = translate_checks(definition, fields["says"], file); !translated) return translated;
  const lua::Value& tasks = fields["tasks"];
  if (tasks.is_nil()) return {};
  if (!tasks.table()) return usage_error(file + ": tasks must go from ids to tables of texts");
  for (const lua::Field& field : tasks.table()->fields())
    if (auto translated = translate_task(definition, field, facts, file); !translated) return translated;
  return {};
}

}  // namespace trapline::lab
