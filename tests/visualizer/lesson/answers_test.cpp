#include "visualizer/lesson/answers.h"

#include <doctest/doctest.h>
#include <fstream>
#include <sstream>

#include "base/temporary_folder.h"
#include "lab/definition.h"

using namespace trapline;
using namespace trapline::window;

namespace {

void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

}  // namespace

TEST_CASE("answers come back as they were typed, and the file is a submission") {
  const TemporaryFolder folder("answers");
  const std::string path = folder.path() + "/deep/07.lua";
  Answers answers(path);
  REQUIRE(answers.load());
  answers.set("word", "\"para full\"  -- I think");
  answers.set("lines", "\n-- why\nlocal n = 3\nreturn { n,\n  n }\n\n");
  answers.set("number", "0x10");
  answers.set("remark", "-- later");
  REQUIRE(answers.save({"number", "word"}));
  Answers again(path);
  REQUIRE(again.load());
  for (const char* id : {"word", "number", "remark"}) CHECK(again.of(id) == answers.of(id));
  CHECK(again.of("lines") == "\n-- why\nlocal n = 3\nreturn { n,\n  n }");
  CHECK(again.answered("lines"));
  CHECK_FALSE(again.answered("remark"));
  CHECK_FALSE(again.answered("nosuch"));
  auto sandbox = lab::open_sandbox();
  REQUIRE(sandbox);
  const auto table = lab::table_of(**sandbox, path);
  REQUIRE_MESSAGE(table, table.error().sentence);
  CHECK(*(*table)["word"].string() == "para full");
  CHECK(*(*table)["number"].integer() == 16);
  CHECK((*table)["lines"].table()->length() == 2);
  CHECK((*table)["remark"].is_nil());
}

TEST_CASE("text that looks like a marker, and text that is no Lua, come back too") {
  const TemporaryFolder folder("answers");
  Answers answers(folder.path() + "/a.lua");
  const std::string odd = "[[\n-- [word]\n-- [end]\n]] .. '";
  answers.set("odd", odd);
  answers.set("word", "}}}");
  REQUIRE(answers.save({}));
  Answers again(answers.path());
  REQUIRE(again.load());
  CHECK(again.of("odd") == "[[\n-- [word]\n-- [end] \n]] .. '");
  CHECK(again.of("word") == "}}}");
}

TEST_CASE("a file of somebody else's is left alone, and said so") {
  const TemporaryFolder folder("answers");
  const std::string path = folder.path() + "/a.lua";
  for (const std::string& text :
       {std::string("return { mine = 1 }\n"), std::string(), Answers(path).text({}) + "-- [a]\na =\nx"}) {
    write(path, text);
    Answers answers(path);
    const auto loaded = answers.load();
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().sentence.find(path) != std::string::npos);
    answers.set("a", "1");
    CHECK_FALSE(answers.save({}));
    std::ostringstream now;
    now << std::ifstream(path).rdbuf();
    CHECK(now.str() == text);
  }
}

TEST_CASE("one answer is checked alone, its lines numbered as typed") {
  Answers answers("x");
  answers.set("a", "1 +");
  answers.set("b", "local x = 1\nreturn x");
  CHECK(answers.submission_of("b") == "return { b = (function() local x = 1\nreturn x\nend)() }\n");
  CHECK(answers.submission_of("c") == "return { c = \nnil }\n");
}
