// JSON as the command line and graders are given it: a small face over nlohmann-json, so that one .cpp pays for its
// header. Keys keep the order in which they were set.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/integers.h"

namespace trapline {

class Json {
 public:
  static Json object();
  static Json array();
  Json(const Json& other);
  Json(Json&&) noexcept;
  Json& operator=(Json other) noexcept;
  ~Json();

  Json& set(std::string_view key, std::string_view text);
  Json& set(std::string_view key, const char* text) { return set(key, std::string_view(text)); }
  Json& set(std::string_view key, u64 number);
  Json& set_flag(std::string_view key, bool value);
  Json& set_null(std::string_view key);
  Json& set_hex(std::string_view key, u64 value);  // "0x..."; null for an unknown address
  Json& set(std::string_view key, const Json& value);
  Json& push(const Json& value);
  Json& push(std::string_view text);

  std::string line() const;  // without a line break

 private:
  struct Value;
  explicit Json(std::unique_ptr<Value> value);
  std::unique_ptr<Value> value_;
};

// The text under a key of an object; empty where the JSON is none, or has no such text.
std::string text_in_json(std::string_view json, std::string_view key);

}  // namespace trapline
