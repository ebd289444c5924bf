// Rows and the pages made from them. That the committed pages are today's is the test `lua_reference` (tests.cmake).
#include "lua/reference.h"

#include <doctest/doctest.h>
#include <set>

namespace trapline::lua::test {

namespace {

template <typename Check>
void for_each_function(const Check& check) {
  for (const LibraryRow* library : api().libraries)
    for (const FunctionRow& row : library->functions) check(library->name, row);
  for (const ClassRow* type : api().classes)
    for (const FunctionRow& row : type->methods) check(type->name, row);
}

}  // namespace

TEST_CASE("page and annotations name every row") {
  const std::string page = reference_page(api()), annotations = luals_annotations(api());
  for_each_function([&](const std::string& owner, const FunctionRow& row) {
    const std::string name = owner + "." + row.name;
    CAPTURE(name);
    CHECK(page.find(row.name + "(") != std::string::npos);
    CHECK(page.find(row.doc) != std::string::npos);
    const bool method = owner != "trapline";
    CHECK(annotations.find("function " + owner + (method ? ":" : ".") + row.name + "(") != std::string::npos);
  });
  for (const ClassRow* type : api().classes) CHECK(annotations.find("---@class " + type->name) != std::string::npos);
}

TEST_CASE("every row says what it does, once, and has a function behind it") {
  std::set<std::string> seen;
  for_each_function([&](const std::string& owner, const FunctionRow& row) {
    const std::string name = owner + "." + row.name;
    CAPTURE(name);
    CHECK(seen.insert(name).second);
    CHECK((row.native != nullptr));
    CHECK(row.doc.size() > 5);
    CHECK(row.doc.back() == '.');
    for (const Parameter& parameter : row.parameters) {
      CHECK_FALSE(parameter.type.empty());
      CHECK_FALSE(parameter.doc.empty());
    }
  });
  CHECK(seen.size() > 30);
}

}  // namespace trapline::lua::test
