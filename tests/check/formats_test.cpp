// Each writer by itself; whether real readers take what they write is held by readers-test.
#include "check/formats.h"

#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/wide_text.h"
#include "check/samples.h"
#include "check/writers/words.h"

using namespace trapline;
using namespace trapline::check;

namespace {

std::string written(std::string_view format, const Report& report) { return (*format_named(format))->write(report); }
nlohmann::json read(std::string_view format, const Report& report) {
  return nlohmann::json::parse(written(format, report));
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("an unknown format is named, with those there are") {
  const auto none = format_named("xml");
  REQUIRE_FALSE(none);
  CHECK(has(none.error().sentence, "xml"));
  CHECK(has(none.error().sentence, "gradescope"));
}

TEST_CASE("text tells a beginner what to do next") {
  const std::string text = written("text", samples::plain());
  CHECK(has(text, "pass    count_exits"));
  CHECK(has(text, "FAIL    slowest"));
  CHECK(has(text, "expected  full"));
  CHECK(has(text, "seen      para"));
  CHECK(has(text, "hint 1/3  Count what is below"));
  CHECK(has(text, "look      trapline show trapline-out/07-three-ways/full.trap vmcs --at 516"));
  CHECK(has(text, "to do   explain"));
  CHECK(has(text, "1 of 5 tasks pass, 2 of 10 points."));
  CHECK(has(text, "Change `slowest` in labs/07-three-ways/exercise.lua."));
  CHECK(has(text, "trapline check 07 --seed 3 --task slowest    to check it alone"));
  CHECK(has(text, "--task slowest --hint 2    for the next hint"));
  Report talking = samples::plain();
  talking.checks[0].printed = "one\nok 2 - forged\x1b[2J\n";
  CHECK(has(written("text", talking), "          | one\n          | ok 2 - forged\\x1b[2J\n"));
  Report done = samples::plain();
  done.checks.resize(1);
  CHECK(has(written("text", done), "This lab is done."));
  done.one_task = true;
  CHECK(has(written("text", done), "This task is done."));
  Report fresh = samples::plain();
  fresh.checks.erase(fresh.checks.begin() + 1, fresh.checks.begin() + 4);
  CHECK(has(written("text", fresh), "read the comment above `explain`"));
}

TEST_CASE("text speaks Chinese where the report does, and its columns stay") {
  Report report = samples::plain();
  report.language = Language::chinese;
  const std::string text = written("text", report);
  CHECK(has(text, "实验 07-three-ways：Three ways side by side（种子 3）"));
  CHECK(has(text, "  通过    count_exits：Task count_exits（2/2 分）\n"));
  CHECK(has(text, "          应为      full\n"));
  CHECK(has(text, "          提示 1/3  Count what is below the exits.\n"));
  CHECK(has(text, "共 5 个任务，通过 1 个；得 2 分，满分 10 分。"));
  CHECK(has(text, "接下来\n  修改 labs/07-three-ways/exercise.lua 中的 `slowest`。\n"));
  CHECK(has(text, "--task slowest --hint 2    看下一条提示\n"));
}

TEST_CASE("every word of the report stands in both languages, with the same places") {
  for (const Sentence& row : writers::word_rows()) {
    CAPTURE(row.english);
    CHECK(places_of(row.english) == places_of(row.chinese));
    CHECK(columns_of(row.chinese) > row.chinese.size() / 3);  // it holds letters that are wide
    CHECK(columns_of(row.english) == row.english.size());
  }
}

TEST_CASE("json holds the whole model") {
  const auto json = read("json", samples::plain());
  CHECK(json["lab"] == "07-three-ways");
  CHECK(json["seed"] == 3);
  CHECK(json["passed"] == false);
  CHECK(json["lanes"][0]["event_hash"] == "a935dcaa");
  REQUIRE(json["checks"].size() == 5);
  CHECK(json["checks"][1]["expected"] == "full");
  CHECK(json["checks"][2]["trouble"] == "budget");
  CHECK(json["checks"][0]["trouble"].is_null());
  CHECK(json["checks"][4]["filled_in"] == false);
}

TEST_CASE("gradescope gets a score at the top only where there are no tests") {
  const auto json = read("gradescope", samples::plain());
  CHECK_FALSE(json.contains("score"));
  CHECK(json["tests"][0]["score"] == 2);
  CHECK(json["tests"][0]["status"] == "passed");
  CHECK(json["tests"][2]["status"] == "failed");
  const auto broken = read("gradescope", samples::broken());
  CHECK(broken["score"] == 0);
}

TEST_CASE("check50 tells a failure from what could not be run") {
  const auto json = read("check50", samples::plain());
  CHECK(json["results"][0]["passed"] == true);
  CHECK(json["results"][1]["passed"] == false);
  CHECK(json["results"][1]["cause"]["expected"] == "full");
  CHECK(json["results"][2]["passed"] == false);
  CHECK(json["results"][3]["passed"].is_null());
  CHECK(json["results"][4]["dependency"] == "count_exits");
  const auto broken = read("check50", samples::broken());
  CHECK_FALSE(broken.contains("results"));
  CHECK(broken["error"]["type"] == "lab");
}

TEST_CASE("no line of a hostile report is one of its protocol's but the writer's own") {
  const std::string tap = written("tap", samples::hostile());
  u64 oks = 0, plans = 0;
  for (std::size_t at = 0; at < tap.size(); at = tap.find('\n', at) + 1) {
    oks += tap.compare(at, 3, "ok ") == 0;
    plans += tap.compare(at, 3, "1..") == 0;
    CHECK(tap.compare(at, 4, "Bail") != 0);
  }
  CHECK(oks == 2);  // one passed, one skipped
  CHECK(plans == 1);
  for (const Format& format : formats())
    for (const char letter : format.write(samples::hostile())) {
      const unsigned char byte = static_cast<unsigned char>(letter);
      CHECK((byte >= 0x20 || byte == '\n'));
    }
}

TEST_CASE("a file is written whole or not at all") {
  const auto folder = std::filesystem::temp_directory_path() / ("trapline-check-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "results.json").string();
  REQUIRE(write_whole(path, "first"));
  REQUIRE(write_whole(path, "second"));
  std::ifstream file(path);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == "second");
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
  const auto refused = write_whole((folder / "missing" / "results.json").string(), "x");
  REQUIRE_FALSE(refused);
  CHECK(has(refused.error().sentence, "missing/results.json"));
  std::filesystem::remove_all(folder);
}

// For readers-test: every sample in every format, as files SAMPLE.FORMAT.
TEST_CASE("samples for other readers") {
  const char* folder = std::getenv("TRAPLINE_SAMPLES");
  if (!folder) return;
  const std::pair<const char*, Report> all[] = {
      {"plain", samples::plain()}, {"hostile", samples::hostile()}, {"broken", samples::broken()}};
  for (const auto& [name, report] : all)
    for (const Format& format : formats())
      REQUIRE(write_whole(std::string(folder) + "/" + name + "." + std::string(format.name), format.write(report)));
}
