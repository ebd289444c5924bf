#include "lua/value.h"

#include <algorithm>
#include <cstdio>

#include "lua/core.h"

namespace trapline::lua {

namespace {

const Value nil;

int rank_of(const Value& value) {
  if (value.integer()) return 0;
  if (value.number()) return 1;
  if (value.string()) return 2;
  return value.boolean() ? 3 : 4;
}

bool key_before(const Field& left, const Field& right) {
  const int left_rank = rank_of(left.key), right_rank = rank_of(right.key);
  if (left_rank != right_rank) return left_rank < right_rank;
  if (left_rank == 0) return *left.key.integer() < *right.key.integer();
  if (left_rank == 1) return *left.key.number() < *right.key.number();
  if (left_rank == 2) return *left.key.string() < *right.key.string();
  return left_rank == 3 && !*left.key.boolean() && *right.key.boolean();
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\')
      out += '\\', out += letter;
    else if (letter == '\n')
      out += "\\n";
    else if (byte < ' ' || byte == 0x7f)
      out += "\\" + std::to_string(byte);
    else
      out += letter;
  }
  return out + "\"";
}

std::string number_text(double number) {
  char text[40];
  std::snprintf(text, sizeof text, "%.14g", number);
  const std::string out = text;
  return out.find_first_of(".einI") == std::string::npos ? out + ".0" : out;
}

bool is_name(const std::string& text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void append_text(std::string& out, const Value& value, std::size_t most, unsigned depth);

void append_table(std::string& out, const Table& table, std::size_t most, unsigned depth) {
  if (depth == 0 || out.size() > most) {
    out += table.fields().empty() ? "{}" : "{...}";
    return;
  }
  out += '{';
  i64 next = 1;
  bool first = true;
  for (const Field& field : table.fields()) {
    if (!first) out += ", ";
    first = false;
    if (out.size() > most) {
      out += "...";
      break;
    }
    const bool in_list = field.key.integer() && *field.key.integer() == next;
    if (in_list)
      ++next;
    else if (field.key.string() && is_name(*field.key.string()))
      out += *field.key.string() + " = ";
    else
      out += "[", append_text(out, field.key, most, 1), out += "] = ";
    append_text(out, field.value, most, depth - 1);
  }
  out += '}';
}

void append_text(std::string& out, const Value& value, std::size_t most, unsigned depth) {
  if (value.is_nil())
    out += "nil";
  else if (const bool* truth = value.boolean())
    out += *truth ? "true" : "false";
  else if (const i64* integer = value.integer())
    out += std::to_string(*integer);
  else if (const double* number = value.number())
    out += number_text(*number);
  else if (const std::string* text = value.string())
    out += text->size() > most ? quoted(text->substr(0, most)) + "..." : quoted(*text);
  else if (const Table* table = value.table())
    append_table(out, *table, most, depth);
  else
    out += value.type_name();
}

}  // namespace

// ---- tables ---------------------------------------------------------------------------------------------------------
const Value& Table::operator[](std::string_view key) const {
  for (const Field& field : fields_)
    if (field.key.string() && *field.key.string() == key) return field.value;
  return nil;
}

const Value& Table::operator[](i64 key) const {
  const auto found = std::lower_bound(fields_.begin(), fields_.end(), key, [](const Field& field, i64 wanted) {
    return field.key.integer() && *field.key.integer() < wanted;
  });
  return found != fields_.end() && found->key.integer() && *found->key.integer() == key ? found->value : nil;
}

std::size_t Table::length() const {
  const auto* const first = &(*this)[1];
  if (first == &nil) return 0;
  std::size_t at = 0, length = 0;
  while (&fields_[at].value != first) ++at;
  while (at < fields_.size() && fields_[at].key.integer() && *fields_[at].key.integer() == static_cast<i64>(length + 1))
    ++at, ++length;
  return length;
}

Table& Table::set(std::string_view key, Value value) {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const Field& field) { return field.key.string() && *field.key.string() == key; });
  if (found != fields_.end())
    found->value = std::move(value);
  else {
    fields_.emplace_back(Value(key), std::move(value));
    std::inplace_merge(fields_.begin(), std::prev(fields_.end()), fields_.end(), key_before);
  }
  return *this;
}

Table& Table::push(Value value) {
  const auto behind = std::partition_point(fields_.begin(), fields_.end(),
                                           [](const Field& field) { return field.key.integer() != nullptr; });
  const i64 last = behind == fields_.begin() ? 0 : *std::prev(behind)->key.integer();
  fields_.emplace(behind, Value(last + 1), std::move(value));
  return *this;
}

void Table::append(Field field) { fields_.push_back(std::move(field)); }

void Table::sort() { std::stable_sort(fields_.begin(), fields_.end(), key_before); }

// ---- values ---------------------------------------------------------------------------------------------------------
Value::Value(Table table) : content_(std::make_shared<Table>(std::move(table))) {}

const Table* Value::table() const {
  const auto* held = std::get_if<std::shared_ptr<Table>>(&content_);
  return held ? held->get() : nullptr;
}

std::string_view Value::type_name() const {
  if (const Object* held = object()) return held->type->name;
  static constexpr std::string_view names[] = {"nil", "boolean", "number", "number", "string", "table", "function"};
  return names[content_.index()];
}

bool operator==(const Value& left, const Value& right) {
  if (left.integer() && right.number()) return static_cast<double>(*left.integer()) == *right.number();
  if (left.number() && right.integer()) return right == left;
  if (left.content_.index() != right.content_.index()) return false;
  if (!left.table() || left.table() == right.table()) return left.content_ == right.content_;
  const auto& first = left.table()->fields();
  const auto& second = right.table()->fields();
  return std::equal(first.begin(), first.end(), second.begin(), second.end(),
                    [](const Field& a, const Field& b) { return a.key == b.key && a.value == b.value; });
}

std::string Value::text(std::size_t most) const {
  std::string out;
  append_text(out, *this, most, 4);
  return out;
}

}  // namespace trapline::lua
