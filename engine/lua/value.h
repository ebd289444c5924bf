// A Lua value as plain C++: what is copied between states, given to C++ and handed back.
//
// Tables are copied by content (raw, without metamethods) in a fixed order of keys, so that two runs see the same.
// Functions are not copied: a FunctionValue stays in the state that made it, and a state that gets one from another
// state sees a proxy that copies arguments and results. Objects (traces, events ...) are shared.
#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/integers.h"
#include "base/result.h"

struct lua_State;

namespace trapline::lua {

struct ClassRow;
class Value;
struct Field;

// Something that can be called, in whatever state it lives.
class Callable {
 public:
  virtual ~Callable() = default;
  // Errors: what the function raised, or that its state is closed or has spent its budget.
  virtual Result<std::vector<Value>> call(std::span<const Value> arguments) = 0;
  // "file:line" of its definition, for messages; empty where not known.
  virtual std::string place() const { return {}; }
};
using FunctionValue = std::shared_ptr<Callable>;

// An object of a class that C++ offers (binding.h).
struct Object {
  const ClassRow* type = nullptr;
  std::shared_ptr<void> pointer;
  friend bool operator==(const Object&, const Object&) = default;
};

// The fields of a table: integer keys first, rising, then strings in byte order, then the rest.
class Table {
 public:
  const std::vector<Field>& fields() const { return fields_; }
  const Value& operator[](std::string_view key) const;  // nil where there is none
  const Value& operator[](i64 key) const;
  std::size_t length() const;  // of the run 1, 2, 3 ...

  Table& set(std::string_view key, Value value);  // replaces
  Table& push(Value value);                       // at the end of the list
  void append(Field field);                       // any key, which must be new; call sort() afterwards
  void sort();

 private:
  std::vector<Field> fields_;
};

class Value {
 public:
  Value() = default;
  Value(bool truth) : content_(truth) {}
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) Value(Integer number) : content_(static_cast<i64>(number)) {}
  Value(double number) : content_(number) {}
  Value(std::string text) : content_(std::move(text)) {}
  Value(std::string_view text) : content_(std::string(text)) {}
  Value(const char* text) : content_(std::string(text)) {}
  Value(Table table);
  Value(FunctionValue function) : content_(std::move(function)) {}
  Value(Object object) : content_(std::move(object)) {}

  bool is_nil() const { return content_.index() == 0; }
  const bool* boolean() const { return std::get_if<bool>(&content_); }
  const i64* integer() const { return std::get_if<i64>(&content_); }
  const double* number() const { return std::get_if<double>(&content_); }  // a float; integers are integers
  const std::string* string() const { return std::get_if<std::string>(&content_); }
  const Table* table() const;
  const FunctionValue* function() const { return std::get_if<FunctionValue>(&content_); }
  const Object* object() const { return std::get_if<Object>(&content_); }
  // The object of a C++ class, or null. T::lua_class() tells its rows.
  template <typename T>
  std::shared_ptr<T> object_of() const {
    const Object* held = object();
    return held && held->type == &T::lua_class() ? std::static_pointer_cast<T>(held->pointer) : nullptr;
  }

  // As Lua's type() says: nil, boolean, number, string, table, function; for an object its class's name.
  std::string_view type_name() const;
  // Lua's == for plain values; tables by content, functions and objects by identity. 1 and 1.0 are equal.
  friend bool operator==(const Value& left, const Value& right);
  // Readable on one line, strings quoted, tables cut after `most` bytes.
  std::string text(std::size_t most = 200) const;

 private:
  std::variant<std::monostate, bool, i64, double, std::string, std::shared_ptr<Table>, FunctionValue, Object> content_;
};

struct Field {
  Field(Value its_key, Value its_value) : key(std::move(its_key)), value(std::move(its_value)) {}
  Value key, value;
};

struct CopyLimits {
  unsigned depth = 32;
  std::size_t values = 200'000;
  std::size_t bytes = 16 << 20;  // of strings
};

// The value at a stack index, copied. Errors name where in the value the trouble is: a table that contains itself, a
// limit that is passed, a coroutine.
Result<Value> value_at(lua_State* state, int index, const CopyLimits& limits = {});
// Pushes it. May raise a Lua error (out of memory).
void push_value(lua_State* state, const Value& value);

}  // namespace trapline::lua
