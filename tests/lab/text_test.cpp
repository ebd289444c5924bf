// The parts of lessons and of lint that are plain text.
#include <doctest/doctest.h>

#include "lab/lesson.h"
#include "lab/lesson_text.h"
#include "lab/lint.h"
#include "lab/place.h"

using namespace trapline;
using namespace trapline::lab;

TEST_CASE("paragraphs are wrapped, code and tables stay, links tell their command below") {
  const std::vector<EventLink> links = {{"the exit", "hardware", "vm_exit#1", "show it", 1}};
  const std::string text = lesson_as_text(
      "# Title\n\nOne **two** the exit\1"
      "0\2 here\nand more.\n\n- item\n  goes on\n- next\n\n```\n  code\n```\n| a | b |\n",
      links);
  CHECK(
      text ==
      "Title\n=====\n\nOne two the exit (hardware, vm_exit#1) here and more.\n    show it\n\n- item goes on\n- next\n\n"
      "      code\n| a | b |\n");
  const std::string wide = lesson_as_text(std::string(60, 'x') + " " + std::string(60, 'y') + "\n", {});
  CHECK(wide == std::string(60, 'x') + "\n" + std::string(60, 'y') + "\n");
}

TEST_CASE("Chinese takes two columns a character, and lines break between them but not before what closes") {
  const std::vector<EventLink> links = {{"此处", "hardware", "vm_exit#1", "show it", 1, 5}};
  std::string line, half;
  for (int i = 0; i < 49; ++i) half += "中";
  CHECK(lesson_as_text("# 标题 A\n\n" + half + "中，文\n", {}, Language::chinese) ==
        "标题 A\n======\n\n" + half + "\n中，文\n");
  CHECK(lesson_as_text(half + "（文\n", {}) == half + "\n（文\n");
  CHECK(lesson_as_text(half + "字hardware中\n", {}) == half + "字\nhardware中\n");
  const std::string source =
      "见此处\1"
      "0\2中。<!-- x -->";
  CHECK(lesson_as_text(source, links, Language::chinese) == "见此处（hardware，vm_exit#1）中。\n    show it\n");
  CHECK(lesson_as_markdown("此处\1"
                           "0\2中",
                           links, Language::chinese) == "此处（`show it`）中");
  CHECK(lesson_as_linked(source, links) == "见[此处](event:hardware:5)中。");
  CHECK(lesson_as_linked("此处\1"
                         "0\2中",
                         {{"此处", "kvm", "1", "(no)", 1}}) == "此处中");
}

TEST_CASE("comments are for writers") {
  CHECK(without_comments("a<!-- b -->c<!-- d") == "ac<!-- d");
  CHECK(lesson_as_text("a <!-- b\nc --> d\n", {}) == "a d\n");
}

TEST_CASE("words are those of the prose") { CHECK(words_of("one two\n```\nthree\n```\n| four |\n- five\n") == 4); }

TEST_CASE("bare numbers are found in prose only") {
  const auto numbers = bare_numbers(
      "816 exits, 2,819,953 cycles\nnot `1234` nor {{ 99 }} nor [x](event:a:55) nor 7 nor 0x10 nor v12 nor 3.14 nor "
      "bits 47:39 nor 64-bit\n"
      "```\n42\n```\n<!-- 77 --> 24.");
  REQUIRE(numbers.size() == 3);
  CHECK(numbers[0].digits == "816");
  CHECK(numbers[1].digits == "2819953");
  CHECK(numbers[2].digits == "24");
  CHECK(numbers[0].line == 1);
  CHECK(numbers[2].line == 6);
}

TEST_CASE("a lab that is not there is named, with what is") {
  for (const char* name : {"nosuch", "99", "", "./nowhere", "/", "../../etc/passwd"}) {
    const auto place = find_lab(name);
    REQUIRE_FALSE(place);
    CHECK(place.error().kind == ErrorKind::usage);
    CHECK(place.error().sentence.find("there is no lab") != std::string::npos);
  }
}
