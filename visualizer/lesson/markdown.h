// Markdown as a flat list of blocks that can be drawn one below the other. The grammar is md4c's; what a lesson has no
// use for (raw HTML, pictures within a line of text) becomes its text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/integers.h"

namespace trapline::window {

// Text of one look. A link's target is what stood between the brackets, such as event:hardware:516.
struct Run {
  std::string text;
  bool bold = false, emphasis = false, code = false;
  std::string link;
};
using Runs = std::vector<Run>;

enum class BlockKind : u8 { heading, paragraph, item, code, table, rule, picture };

struct Block {
  BlockKind kind = BlockKind::paragraph;
  unsigned level = 0;                   // of a heading from 1; of an item: how deep its list lies, from 1
  std::string marker;                   // of an item: "•" or "3."; empty where it goes on
  Runs runs;                            // of a code block: one, with its line breaks; of a picture: its caption
  std::string target;                   // of a picture: which one
  std::vector<std::vector<Runs>> rows;  // of a table: the headings first, all rows equally long
};

// Bounded whatever the text is: a long one is cut, and says so in its last block.
std::vector<Block> read_markdown(std::string_view text);

std::string plain_text(const Runs& runs);

}  // namespace trapline::window
