// The user's or the host's trouble as a value: one sentence that says what, where and what to do.
//
// Three kinds of trouble have three forms. A guest's fault goes back into the guest (arch::Fault); the user's or the
// host's error is a Result; our own bug is an assert. The kind decides the exit code of the command line.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace trapline {

enum class ErrorKind {
  usage,        // bad option, bad input, bad file: exit 2
  unavailable,  // this host lacks what was asked for: exit 77
  budget,       // budget or time-out spent: exit 124
  internal,     // a promise of our own was broken: exit 3
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string sentence;
};

inline Error usage_error(std::string sentence) { return {ErrorKind::usage, std::move(sentence)}; }
inline Error unavailable(std::string sentence) { return {ErrorKind::unavailable, std::move(sentence)}; }
inline Error internal_error(std::string sentence) { return {ErrorKind::internal, std::move(sentence)}; }

struct Nothing {};

template <typename Value = Nothing>
class [[nodiscard]] Result {
 public:
  Result(Value value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}
  Result() requires std::is_same_v<Value, Nothing> : content_(std::in_place_index<0>) {}

  bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }

  Value& value() {
    assert(ok());
    return *std::get_if<0>(&content_);
  }
  const Value& value() const {
    assert(ok());
    return *std::get_if<0>(&content_);
  }
  Value& operator*() { return value(); }
  const Value& operator*() const { return value(); }
  Value* operator->() { return &value(); }
  const Value* operator->() const { return &value(); }

  const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&content_);
  }

 private:
  std::variant<Value, Error> content_;
};

}  // namespace trapline
