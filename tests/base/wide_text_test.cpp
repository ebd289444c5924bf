#include "base/wide_text.h"

#include <doctest/doctest.h>
#include <string>

using namespace trapline;

namespace {

std::string joined(std::string_view text) {
  std::string out;
  for (const Piece& piece : pieces_of(text)) out += (piece.after_space ? "_" : "|") + std::string(piece.text);
  return out;
}

}  // namespace

TEST_CASE("columns are those of a terminal, whatever the bytes") {
  CHECK(columns_of("abc") == 3);
  CHECK(columns_of("虚拟机 VM") == 9);
  CHECK(columns_of("é…“”") == 4);
  CHECK(columns_of("\xff\xe4\xb8") == 3);
}

TEST_CASE("a line may end between wide characters, not before what closes nor behind what opens") {
  CHECK(joined("one  two\nthree") == "|one_two_three");
  CHECK(joined("读CR3，再写") == "|读|CR3，|再|写");
  CHECK(joined("“看（表）”中") == "|“看|（表）”|中");
  CHECK(joined("  a 中") == "_a_中");
  CHECK(joined("").empty());
  CHECK(joined("\xe4\xb8") == "|\xe4\xb8");
}
