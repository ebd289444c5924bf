#include "visualizer/lesson/markdown.h"

#include <doctest/doctest.h>

#include "lab/place.h"

using namespace trapline;
using namespace trapline::window;

TEST_CASE("blocks come one below the other, each with its runs") {
  const auto blocks = read_markdown(
      "# One *two*\n\ntext **bold** and `code` and [it `is`](event:full:7).\nSecond line.\n\n3. three\n4. four\n   - "
      "deep\n\n"
      "---\n```\nline 1\n  line 2\n```\n");
  REQUIRE(blocks.size() == 7);
  CHECK(blocks[0].kind == BlockKind::heading);
  CHECK(blocks[0].level == 1);
  CHECK(blocks[0].runs.back().emphasis);
  CHECK(plain_text(blocks[1].runs) == "text bold and code and it is. Second line.");
  CHECK(blocks[1].runs[1].bold);
  CHECK(blocks[1].runs[3].code);
  CHECK(blocks[1].runs[5].link == "event:full:7");
  CHECK(blocks[1].runs[6].code);
  CHECK(blocks[1].runs[6].link == "event:full:7");
  CHECK(blocks[2].marker == "3.");
  CHECK(blocks[3].marker == "4.");
  CHECK(blocks[4].marker == "•");
  CHECK(blocks[4].level == 2);
  CHECK(blocks[5].kind == BlockKind::rule);
  CHECK(blocks[6].kind == BlockKind::code);
  CHECK(blocks[6].runs[0].text == "line 1\n  line 2\n");
}

TEST_CASE("loose items go on in their next paragraph") {
  const auto blocks = read_markdown("- a\n\n  b\n- c\n");
  REQUIRE(blocks.size() == 3);
  CHECK(blocks[0].marker == "•");
  CHECK(blocks[1].kind == BlockKind::item);
  CHECK(blocks[1].marker.empty());
  CHECK(plain_text(blocks[1].runs) == "b");
}

TEST_CASE("tables have rows of one length") {
  const auto blocks = read_markdown("| a | **b** |\n|---|---|\n| 1 |\n| `x` | y | z |\n");
  REQUIRE(blocks.size() == 1);
  REQUIRE(blocks[0].kind == BlockKind::table);
  REQUIRE(blocks[0].rows.size() == 3);
  for (const auto& row : blocks[0].rows) CHECK(row.size() == 2);
  CHECK(blocks[0].rows[0][1][0].bold);
  CHECK(blocks[0].rows[2][0][0].code);
}

TEST_CASE("a picture alone is a block with its caption; one within text is its caption") {
  const auto blocks = read_markdown(
      "before\n\n![what `to` see, [here](event:full:7)](pictures/a.png)\n\nin ![line](b.png) too\n\n"
      "![one](c.png)\n![two](d.png)\nand text\n\n- ![item](e.png)\n\n| ![cell](f.png) |\n|---|\n");
  REQUIRE(blocks.size() == 8);
  CHECK(blocks[1].kind == BlockKind::picture);
  CHECK(blocks[1].target == "pictures/a.png");
  CHECK(plain_text(blocks[1].runs) == "what to see, here");
  CHECK(blocks[1].runs.back().link == "event:full:7");
  CHECK(blocks[2].kind == BlockKind::paragraph);
  CHECK(plain_text(blocks[2].runs) == "in line too");
  CHECK(blocks[3].target == "c.png");
  CHECK(blocks[4].target == "d.png");
  CHECK(plain_text(blocks[4].runs) == "two");
  CHECK(blocks[5].kind == BlockKind::paragraph);
  CHECK(plain_text(blocks[5].runs) == "and text");
  CHECK(blocks[6].kind == BlockKind::item);
  CHECK(plain_text(blocks[6].runs) == "item");
  CHECK(plain_text(blocks[7].rows[0][0]) == "cell");
  const auto nested = read_markdown("![a ![b](x.png) c](y.png)");
  REQUIRE(nested.size() == 1);
  CHECK(nested[0].target == "y.png");
  CHECK(plain_text(nested[0].runs) == "a b c");
}

TEST_CASE("hostile text is read within bounds") {
  std::string nested, quotes, wide = "|", rule = "|";
  for (int i = 0; i < 400; ++i) nested += std::string(static_cast<std::size_t>(i) * 2, ' ') + "- x\n";
  for (int i = 0; i < 5000; ++i) quotes += "> ";
  for (int i = 0; i < 500; ++i) wide += " a |", rule += "---|";
  for (const std::string& text : {nested, quotes + "x", std::string(100'000, '['), std::string(100'000, '*'),
                                  std::string(100'000, '`'), std::string("\0\xff\xfe# \x80\n|\n|-|\n", 14),
                                  wide + "\n" + rule + "\n" + wide, std::string("<b>&amp;&nosuch;</b>")}) {
    for (const Block& block : read_markdown(text)) {
      CHECK(block.level <= 6);
      for (const auto& row : block.rows) CHECK(row.size() <= 32);
    }
  }
  std::string many;
  for (int i = 0; i < 30'000; ++i) many += "![](x)\n";
  CHECK(read_markdown(many).size() < 10'100);
  CHECK(plain_text(read_markdown("<b>&amp;</b>").front().runs) == "<b>&</b>");
  CHECK(read_markdown("").empty());
  CHECK(plain_text(read_markdown(std::string(400'000, 'x') + "\n\ny").back().runs) == "…");
}

TEST_CASE("no mark of Markdown is left in the lessons' texts") {
  for (const lab::Place& place : lab::all_labs())
    for (const Language language : {Language::english, Language::chinese}) {
      const auto source = lab::read_file(place.lesson_in(language));
      REQUIRE(source);
      CAPTURE(place.name);
      std::size_t headings = 0;
      for (const Block& block : read_markdown(*source)) {
        headings += block.kind == BlockKind::heading;
        for (const Run& run : block.runs)
          if (!run.code && block.kind != BlockKind::code) {
            CAPTURE(run.text);
            CHECK(run.text.find("**") == std::string::npos);
          }
      }
      CHECK(headings > 4);
    }
}
