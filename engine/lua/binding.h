// How C++ is offered to Lua: rows. From a row come the function that scripts call, the checking of its arguments, its
// entry of the reference page and its LuaLS annotation, so that the three cannot drift apart.
//
//   Result<> count(Invocation& call) {                          // api_trace.cpp is the example to follow
//     call.give(call.self<TraceObject>().count(call.text_or(0, "")));
//     return {};
//   }
//   const ClassRow row = {"Trace", "A recorded lane.", properties,
//                         {{"count", {{"filter", "string?", "which events"}}, "integer", "How many match.", count}}};
//
// A type is written as LuaLS writes it: any nil boolean integer number string table function, the name of a class,
// `T[]` or `table<K, V>` (checked as a table), alternatives with `|`, `?` behind all for what may be left out or nil.
// A last parameter named "..." stands for any number of arguments of its type. Results: types separated by ", ".
//
// A native function returns an error as a sentence; the script sees it raised with file and line. It may also call what
// raises Lua errors: these are C++ exceptions (the library is the one compiled as C++), so destructors run.
#pragma once

#include <functional>
#include <optional>

#include "lua/value.h"

namespace trapline::lua {

class Sandbox;
class Invocation;

using Native = Result<> (*)(Invocation&);
using Closure = std::function<Result<>(Invocation&)>;

struct Parameter {
  std::string name;
  std::string type;
  std::string doc;
};

struct FunctionRow {
  std::string name;
  std::vector<Parameter> parameters;
  std::string result;  // empty: none
  std::string doc;     // one sentence
  Native native = nullptr;
};

struct PropertyRow {
  std::string name;
  std::string type;
  std::string doc;
  Native get = nullptr;
  Native set = nullptr;  // null: read-only; argument 0 is the new value, checked against `type`
};

struct ClassRow {
  std::string name;
  std::string doc;
  std::vector<PropertyRow> properties;
  std::vector<FunctionRow> methods;  // `self` is not among the parameters
  // What is not a property or a method; argument 0 is the name. Null: an error that names the nearest known one.
  Native index = nullptr;
  Native text = nullptr;   // tostring
  Native equal = nullptr;  // argument 0 is the other, of this class
  // For LuaLS and the page: a line on what `index` gives, such as "[string] any the kind's own fields".
  std::string index_doc;
};

struct LibraryRow {
  std::string name;  // the global table; several rows of one name are one table
  std::string doc;
  std::vector<FunctionRow> functions;
};

// One call of a native function. Arguments are numbered from 0, behind `self`, and have been checked against the row.
class Invocation {
 public:
  // `first`: stack index of argument 0.
  Invocation(lua_State* state, int first) : state_(state), first_(first) {}

  Sandbox& sandbox() const;
  lua_State* state() const { return state_; }

  unsigned count() const;               // arguments given, trailing nils included
  bool given(unsigned argument) const;  // there, and not nil
  bool is_integer(unsigned argument) const;
  bool is_text(unsigned argument) const;
  bool is_table(unsigned argument) const;
  bool is_function(unsigned argument) const;
  template <typename T>
  bool is(unsigned argument) const {
    return object_at(first_ + static_cast<int>(argument), T::lua_class()) != nullptr;
  }

  bool truth(unsigned argument) const;
  i64 integer(unsigned argument) const;
  u64 unsigned_integer(unsigned argument) const { return static_cast<u64>(integer(argument)); }
  i64 integer_or(unsigned argument, i64 otherwise) const { return given(argument) ? integer(argument) : otherwise; }
  double number(unsigned argument) const;
  std::string_view text(unsigned argument) const;  // good while the argument is on the stack: during this call
  std::string_view text_or(unsigned argument, std::string_view otherwise) const {
    return given(argument) ? text(argument) : otherwise;
  }
  // Raises a Lua error where the value cannot be copied (value_at).
  Value value(unsigned argument) const;
  FunctionValue function(unsigned argument) const;
  template <typename T>
  std::shared_ptr<T> object(unsigned argument) const {
    return std::static_pointer_cast<T>(*object_at(first_ + static_cast<int>(argument), T::lua_class()));
  }
  template <typename T>
  T& self() const {
    return *static_cast<T*>(object_at(1, T::lua_class())->get());
  }
  template <typename T>
  std::shared_ptr<T> self_pointer() const {
    return std::static_pointer_cast<T>(*object_at(1, T::lua_class()));
  }

  // Results, in order. Nothing given is no result.
  void give_nil();
  void give(bool truth);
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) void give(Integer number) { give_integer(static_cast<i64>(number)); }
  void give(double number);
  void give(std::string_view text);
  void give(const std::string& text) { give(std::string_view(text)); }
  void give(const char* text) { give(std::string_view(text)); }
  void give(const Value& value);
  void give(Table table) { give(Value(std::move(table))); }
  // A function, such as the step of an iterator; its arguments are not checked.
  void give(Closure closure);
  template <typename T>
  void give(std::shared_ptr<T> object) {
    give_object({&T::lua_class(), std::move(object)});
  }
  void give_object(Object object);
  unsigned results() const { return results_; }

  // Work done in C++ counts against the script's budget: one step is about one Lua instruction. Raises when it is
  // spent, so call it in long loops.
  void charge(u64 steps);

 private:
  void give_integer(i64 number);
  const std::shared_ptr<void>* object_at(int index, const ClassRow& type) const;

  lua_State* state_;
  int first_;
  unsigned results_ = 0;
};

template <typename T>
Value object_value(std::shared_ptr<T> object) {
  return Object{&T::lua_class(), std::move(object)};
}

// What scripts see: every class and library, for the reference and for sandboxes (api.cpp lists them).
struct Api {
  std::vector<const ClassRow*> classes;
  std::vector<const LibraryRow*> libraries;
};
const Api& api();

// ---- for the sandbox ----------------------------------------------------------------------------------------------
// Pushes a function that checks its arguments and calls the row's native one. Rows must outlive the state.
void push_function(lua_State* state, const FunctionRow& row, const std::string& owner);
void push_closure(lua_State* state, Closure closure);
void push_object(lua_State* state, const Object& object);
// Null where the value is no object.
const Object* any_object_at(lua_State* state, int index);

}  // namespace trapline::lua
