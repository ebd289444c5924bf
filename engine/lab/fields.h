// Fields of a lab's tables, read one by one: the first mistake is kept and named with its place.
#pragma once

#include <string>
#include <vector>

#include "lua/sandbox.h"

namespace trapline::lab {

class Fields {
 public:
  Fields(const lua::Table& table, std::string where) : table_(table), where_(std::move(where)) {}

  std::string text(const char* key, bool needed);
  u64 number(const char* key, u64 otherwise);
  std::vector<std::string> list(const char* key);
  const lua::Value& operator[](const char* key) const { return table_[key]; }
  void mistake(const std::string& sentence);
  Result<> checked() const { return mistake_.empty() ? Result<>() : Result<>(usage_error(mistake_)); }

 private:
  const lua::Table& table_;
  std::string where_, mistake_;
};

// A value, or what the function in its place makes of the seed and, for a question, of the lab's facts.
Result<lua::Value> for_seed(lua::Sandbox& sandbox, const lua::Value& value, u64 seed, const lua::Value& facts = {});

Result<std::string> question_of(lua::Sandbox& sandbox, const lua::Value& value, u64 seed, const lua::Value& facts,
                                const std::string& where);

}  // namespace trapline::lab
