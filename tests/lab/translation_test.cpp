// What a lab says in another language: its texts in place, everything else untouched, mistakes named.
#include "lab/translation.h"

#include <cctype>
#include <set>

#include "lab/lanes.h"
#include "lab/lesson.h"
#include "lab/scratch.h"
#include "lab/sentences.h"
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

bool is_chinese(std::string_view text) {
  for (const char letter : text)
    if (static_cast<unsigned char>(letter) >= 0xe3) return true;
  return false;
}

// The texts that a script holds, those joined by .. as one.
std::vector<std::string> texts_in(const std::string& script) {
  std::vector<std::string> texts;
  std::size_t end = std::string::npos;  // of the last text
  for (std::size_t at = 0; at < script.size(); ++at) {
    if (script.compare(at, 2, "--") == 0) at = script.find('\n', at);
    if (script.compare(at, 2, "[[") == 0) at = script.find("]]", at);
    if (at >= script.size()) break;
    const char quote = script[at];
    if (quote != '"' && quote != '\'') continue;
    std::string text;
    std::size_t letter = at + 1;
    for (; letter < script.size() && script[letter] != quote; ++letter) {
      if (script[letter] == '\\') ++letter;
      text += script[letter];
    }
    std::string between;
    for (std::size_t i = end; i != std::string::npos && ++i < at;)
      if (!std::isspace(static_cast<unsigned char>(script[i]))) between += script[i];
    if (between == "..")
      texts.back() += text;
    else
      texts.push_back(text);
    at = end = letter;
  }
  return texts;
}

// check.lua, and the tables of words for exit codes among the lab's guests.
std::string said_by(const Place& place) {
  std::string said = *read_file(place.file("check.lua"));
  const auto guests = read_file(session::home_folder() + "/scripts/lua/lab" + place.name.substr(0, 2) + "_guests.lua");
  if (!guests) return said;
  for (std::size_t at = guests->find("exit_codes = {"); at != std::string::npos;
       at = guests->find("exit_codes = {", at + 1))
    said += guests->substr(at, guests->find("\n}", at) - at);
  return said;
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
           {"return { says = 'x' }", "says must go from"},
           {"return { says = { x = 7 } }", "both must be texts"},
           {"return { says = { ['{0} x'] = 'x' } }", "the places"},
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

TEST_CASE("what check.lua says is said in the language, its values in any order") {
  const Folder folder;
  folder.write("lab/lab.lua", english);
  folder.write(
      "lab/zh.lua",
      "return { says = { ['the {0} of {1}'] = '{1} 的 {0}', ['look twice'] = '再看一看', ['a {0}'] = '{0} 个' } }");
  folder.write("lab/check.lua",
               "return { a = function(task) task:equal(task.answer, 7, { what = task:say('the {0} of {1}', 'sum', 3), "
               "hint = 'look twice', expected = task:say('a {0}', 1.5) }) end, "
               "b = function(task) task:truth(false, 'untold {0}') end }");
  CheckRequest request;
  request.place = *find_lab(folder.path("lab"));
  request.file = folder.write("submission.lua", "return { a = 1, b = 2 }");
  request.keep = false;
  const auto plain = check_submission(request);
  request.language = Language::chinese;
  const auto chinese = check_submission(request);
  REQUIRE(plain);
  REQUIRE(chinese);
  CHECK(task(*plain, "a").message == "Not right yet: the sum of 3.");
  CHECK(task(*plain, "a").hint == "look twice");
  CHECK(task(*chinese, "a").message == "还不对：3 的 sum。");
  CHECK(task(*chinese, "a").hint == "再看一看");
  CHECK(task(*chinese, "a").expected == "1.5 个");
  CHECK(task(*chinese, "a").actual == "1");
  CHECK(task(*chinese, "b").message == "还不对：untold {0}。");
  CHECK(chinese->check_command.ends_with("--lang zh"));
}

TEST_CASE("what a check says by itself stands in both languages, with the same places") {
  for (const Sentence& row : sentence_rows()) {
    CAPTURE(row.english);
    CHECK(places_of(row.english) == places_of(row.chinese));
    CHECK(is_chinese(row.chinese));
    CHECK_FALSE(is_chinese(row.english));
  }
}

// A text for people among those of a script: two words with a space between them, and neither a filter nor code.
bool is_for_people(const std::string& text) {
  for (const char* const other : {"==", "!=", " in 0x", "%d", "%x", "function(", " = "})
    if (text.find(other) != std::string::npos) return false;
  const auto letter = [&](std::size_t at) {
    return at < text.size() && std::isalpha(static_cast<unsigned char>(text[at]));
  };
  for (std::size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + 1))
    if (at > 1 && letter(at - 1) && letter(at - 2) && letter(at + 1) && letter(at + 2)) return true;
  return false;
}

TEST_CASE("no text of a lab's check lacks its Chinese, and none has one that is not said") {
  for (const Place& place : all_labs()) {
    CAPTURE(place.name);
    const auto definition = load(place, 1, Language::chinese);
    REQUIRE(definition);
    const std::vector<std::string> list = texts_in(said_by(place));
    const std::set<std::string> texts(list.begin(), list.end());
    for (const std::string& text : texts)
      if (is_for_people(text)) CHECK_MESSAGE(definition->says.contains(text), text);
    for (const auto& [text, chinese] : definition->says) {
      CHECK_MESSAGE(texts.contains(text), text);
      CHECK_MESSAGE(is_chinese(chinese), text);
    }
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
