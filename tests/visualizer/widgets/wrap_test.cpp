#include "visualizer/widgets/wrap.h"

#include <doctest/doctest.h>
#include <string>

using namespace trapline::window;

namespace {

// A letter is 1 wide, a Chinese character 2.
float columns(std::string_view text) {
  float width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    width += lead >= 0xe0 ? 2 : 1;
    i += lead >= 0xe0 ? 3 : 1;
  }
  return width;
}

std::string joined(std::string_view text, float width) {
  std::string out;
  for (const std::string_view line : wrapped(text, width, columns)) out += "|" + std::string(line);
  return out;
}

}  // namespace

TEST_CASE("English breaks at spaces, and a word that is too long anywhere") {
  CHECK(joined("one two three", 8) == "|one two |three");
  CHECK(joined("abcdefghij kl", 4) == "|abcd|efgh|ij |kl");
  CHECK(joined("a\nb", 8) == "|a|b");
  CHECK(joined("", 8) == "|");
}

TEST_CASE("Chinese breaks between characters, and no line begins with a closing sign") {
  CHECK(joined("一二三四五", 6) == "|一二三|四五");
  CHECK(joined("一二三，四五", 6) == "|一二|三，四|五");
  CHECK(joined("一二（三四）", 6) == "|一二|（三|四）");
  CHECK(joined("用CR3寄存器", 6) == "|用CR3|寄存器");
}
