// The only file outside the trace and its header that includes nlohmann-json.
#include "base/json.h"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "base/address.h"

namespace trapline {

struct Json::Value {
  nlohmann::ordered_json json;
};

Json::Json(std::unique_ptr<Value> value) : value_(std::move(value)) {}
Json::Json(const Json& other) : value_(std::make_unique<Value>(*other.value_)) {}
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(Json other) noexcept {
  value_ = std::move(other.value_);
  return *this;
}
Json::~Json() = default;

Json Json::object() { return Json(std::make_unique<Value>(Value{nlohmann::ordered_json::object()})); }
Json Json::array() { return Json(std::make_unique<Value>(Value{nlohmann::ordered_json::array()})); }

Json& Json::set(std::string_view key, std::string_view text) {
  value_->json[std::string(key)] = std::string(text);
  return *this;
}
Json& Json::set(std::string_view key, u64 number) {
  value_->json[std::string(key)] = number;
  return *this;
}
Json& Json::set_flag(std::string_view key, bool value) {
  value_->json[std::string(key)] = value;
  return *this;
}
Json& Json::set_null(std::string_view key) {
  value_->json[std::string(key)] = nullptr;
  return *this;
}
Json& Json::set_hex(std::string_view key, u64 value) {
  if (value == unknown_address) return set_null(key);
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return set(key, std::string_view(text));
}
Json& Json::set(std::string_view key, const Json& value) {
  value_->json[std::string(key)] = value.value_->json;
  return *this;
}
Json& Json::push(const Json& value) {
  value_->json.push_back(value.value_->json);
  return *this;
}
Json& Json::push(std::string_view text) {
  value_->json.push_back(std::string(text));
  return *this;
}

std::string Json::line() const {
  return value_->json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string text_in_json(std::string_view json, std::string_view key) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_object()) return {};
  const auto found = parsed.find(std::string(key));
  return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace trapline
