// What a lab says in another language: its texts in place, everything else untouched, mistakes named.
#include "lab/translation.h"

#include <cctype>
#include <set>

#include "lab/lanes.h"
#include "lab/lesson.h"
#include "lab/scratch.h"
#include "lab/submissions.h"

using namespace trapline;
using namespace trapline::lab;

namespace {

constexpr const char* english = R"(return { title = "T", summary = "S", lanes = {},
  facts = function(seed) return { n = seed * 2, what = "more" } end,
  tasks = { { id = "a", title = "A", kind = "measure", points = 3, answer = "integer", hints = { "one", "two" },
    question = function(seed, facts) return "q " .. facts.n .. " " .. seed end },
    { id = "b", title = "B", kind = "explain", question = "plain" } } })";

Result<Definition> loaded(const std::string& chinese, Language language = Language::chinese) {
  const Folder folder;
  folder.write("lab/lab.lua", english);
  if (!chinese.empty()) folder.write("lab/zh.lua", chinese);
  return load(*find_lab(folder.path("lab")), 5, language);
}

std::multiset<std::string> numbers_of(const std::string& text) {
  std::multiset<std::string> numbers;
  for (std::size_t at = 0; at < text.size();) {
    const auto is_word = [&](std::size_t i) {
      return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i]));
    };
    std::size_t end = at;
    while (is_word(end)) ++end;
    if (end > at && std::isdigit(static_cast<unsigned char>(text[at]))) numbers.insert(text.substr(at, end - at));
    at = end > at ? end : at + 1;
  }
  return numbers;
}

std::multiset<std::string> examples_of(const std::string& text) {
  std::multiset<std::string> examples;
  for (std::size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at + 1))
    examples.insert(text.substr(at, text.find('}', at) - at));
  return examples;
}

// Words may differ, figures may not.
bool is_figure(const std::string& text) {
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte >= 0x80 || std::isalpha(byte)) return false;
  }
  return text.find_first_of("0123456789") != std::string::npos;
}

}  // namespace

TEST_CASE("texts are replaced, what is missing stays, and facts go to both languages") {
  const auto chinese = loaded(
      "return { title = '标题', tasks = { a = { title = '甲', points = 9, kind = 'repair', answer = 'table', "
      "question = function(seed, facts) return facts.n .. '？' end, hints = { '一', '二' } } } }");
  REQUIRE(chinese);
  CHECK(chinese->title == "标题");
  CHECK(chinese->summary == "S");
  CHECK(chinese->tasks[0].title == "甲");
  CHECK(chinese->tasks[0].question == "10？");
  CHECK(chinese->tasks[0].hints.back() == "二");
  CHECK(chinese->tasks[0].points == 3);
  CHECK(chinese->tasks[0].kind == "measure");
  CHECK(chinese->tasks[0].answer == "integer");
  CHECK(chinese->tasks[1].question == "plain");
  CHECK(loaded("", Language::chinese)->tasks[0].question == "q 10 5");
  CHECK(loaded("error()", Language::english)->title == "T");
}

TEST_CASE("a translation's mistakes are named with file and task") {
  for (const auto& [wrong, word] : std::initializer_list<std::pair<const char*, const char*>>{
           {"return { tasks = { nosuch = {} } }", "no task nosuch"},
           {"return { tasks = { [1] = {} } }", "no task 1"},
           {"return { tasks = { a = { hints = { 'x' } } } }", "task a: 1 hints where lab.lua has 2"},
           {"return { tasks = { a = { question = 7 } } }", "task a: question"},
           {"return { tasks = { a = 'x' } }", "task a: must be a table"},
           {"return { title = {} }", "title must be a string"},
           {"return 7", "return"},
           {"return {", "zh.lua"}}) {
    const auto definition = loaded(wrong);
    REQUIRE_FALSE(definition);
    CAPTURE(definition.error().sentence);
    CHECK(definition.error().kind == ErrorKind::usage);
    CHECK(definition.error().sentence.find(word) != std::string::npos);
    CHECK(definition.error().sentence.find("zh.lua") != std::string::npos);
  }
}

TEST_CASE("every lab asks the same in both languages, under five seeds") {
  REQUIRE(all_labs().size() >= 5);
  for (const Place& place : all_labs()) {
    REQUIRE(std::filesystem::exists(place.file("zh.lua")));
    for (u64 seed = 1; seed <= 5; ++seed) {
      const auto one = load(place, seed), other = load(place, seed, Language::chinese);
      REQUIRE(one);
      REQUIRE_MESSAGE(other, other.error().sentence);
      CHECK(one->title != other->title);
      CHECK(one->summary != other->summary);
      REQUIRE(one->tasks.size() == other->tasks.size());
      for (std::size_t i = 0; i < one->tasks.size(); ++i) {
        const TaskRow &english = one->tasks[i], &chinese = other->tasks[i];
        CAPTURE(place.name);
        CAPTURE(seed);
        CAPTURE(english.id);
        CAPTURE(chinese.question);
        CHECK(english.id == chinese.id);
        CHECK(english.title != chinese.title);
        CHECK(english.question != chinese.question);
        CHECK(english.hints.size() == chinese.hints.size());
        CHECK(numbers_of(english.question) == numbers_of(chinese.question));
        CHECK(examples_of(english.question) == examples_of(chinese.question));
      }
    }
  }
}

TEST_CASE("every lesson gives the same figures and points at the same events in both languages") {
  for (const Place& place : all_labs()) {
    CAPTURE(place.name);
    REQUIRE(place.lesson_in(Language::chinese) != place.lesson);
    auto definition = load(place, 1);
    REQUIRE(definition);
    const auto scratch = Scratch::make();
    const auto lanes = record_lanes(*definition, scratch->folder());
    REQUIRE(lanes);
    std::multiset<std::string> figures[language_count];
    std::multiset<std::pair<std::string, u64>> targets[language_count];
    for (const Language language : {Language::english, Language::chinese}) {
      const auto at = static_cast<std::size_t>(language);
      definition->language = language;
      const auto lesson = render_lesson(*definition, *lanes);
      REQUIRE_MESSAGE(lesson, lesson.error().sentence);
      for (const Expression& expression : lesson->expressions)
        if (is_figure(expression.result)) figures[at].insert(expression.result);
      for (const EventLink& link : lesson->links) targets[at].insert({link.lane, link.sequence.value_or(0)});
      CHECK(lesson->linked.find("](event:") != std::string::npos);
      CHECK(lesson->linked.find("<!--") == std::string::npos);
    }
    CHECK(figures[0] == figures[1]);
    CHECK(targets[0] == targets[1]);
    CHECK(figures[0].size() > 5);
  }
}
