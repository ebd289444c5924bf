#include "lab/fields.h"

namespace trapline::lab {

std::string Fields::text(const char* key, bool needed) {
  const lua::Value& value = table_[key];
  if (const std::string* text = value.string()) return *text;
  if (needed || !value.is_nil()) mistake(std::string(key) + " must be a string");
  return {};
}

u64 Fields::number(const char* key, u64 otherwise) {
  const lua::Value& value = table_[key];
  if (value.is_nil()) return otherwise;
  if (value.integer() && *value.integer() >= 0 && *value.integer() <= 1'000'000)
    return static_cast<u64>(*value.integer());
  mistake(std::string(key) + " must be a whole number from 0 to 1000000");
  return otherwise;
}

std::vector<std::string> Fields::list(const char* key) {
  const lua::Value& value = table_[key];
  std::vector<std::string> texts;
  if (value.is_nil()) return texts;
  if (!value.table()) return mistake(std::string(key) + " must be a list of strings"), texts;
  for (std::size_t index = 1; index <= value.table()->length(); ++index) {
    const std::string* text = (*value.table())[static_cast<i64>(index)].string();
    if (!text) return mistake(std::string(key) + " must be a list of strings"), texts;
    texts.push_back(*text);
  }
  return texts;
}

void Fields::mistake(const std::string& sentence) {
  if (mistake_.empty()) mistake_ = where_ + ": " + sentence;
}

Result<lua::Value> for_seed(lua::Sandbox& sandbox, const lua::Value& value, u64 seed, const lua::Value& facts) {
  const lua::FunctionValue* function = value.function();
  if (!function) return value;
  const lua::Value arguments[] = {lua::Value(seed), facts};
  auto results = sandbox.call(*function, arguments);
  if (!results) return results.error();
  return results->empty() ? lua::Value() : results->front();
}

Result<std::string> question_of(lua::Sandbox& sandbox, const lua::Value& value, u64 seed, const lua::Value& facts,
                                const std::string& where) {
  const auto question = for_seed(sandbox, value, seed, facts);
  if (!question) return question.error();
  if (!question->string()) return usage_error(where + ": question must be a string, or a function that makes one");
  return *question->string();
}

}  // namespace trapline::lab
