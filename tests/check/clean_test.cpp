// Text of unknown origin comes out printable, or not at all.
#include "check/clean.h"

#include <doctest/doctest.h>

using namespace trapline::check;

TEST_CASE("letters stay, also those of other alphabets") {
  CHECK(one_line("plain") == "plain");
  CHECK(one_line("\xc3\xa4 \xe2\x86\x92 \xf0\x9f\x98\x80") == "\xc3\xa4 \xe2\x86\x92 \xf0\x9f\x98\x80");
}

TEST_CASE("control characters become visible") {
  CHECK(one_line("a\nb\tc\rd") == "a\\nb\\tc\\x0dd");
  CHECK(one_line(std::string("\0\x1b[2J\x7f", 6)) == "\\x00\\x1b[2J\\x7f");
  CHECK(one_line("\xc2\x85\xe2\x80\xae\xef\xbf\xbf") == "\\x85\\u{202e}\\u{ffff}");
  CHECK(many_lines("a\nb\x1b") == "a\nb\\x1b");
}

TEST_CASE("bytes that are no UTF-8 are replaced one by one") {
  const std::string r = "\xEF\xBF\xBD";
  CHECK(one_line("\xff") == r);
  CHECK(one_line("\xc0\x80") == r + r);          // overlong
  CHECK(one_line("\xed\xa0\x80") == r + r + r);  // a surrogate
  CHECK(one_line("\xe2\x82") == r + r);          // cut
  CHECK(one_line("\xf4\x90\x80\x80") == r + r + r + r);
  CHECK(one_line("\xe2x") == r + "x");
}

TEST_CASE("long text is cut") {
  CHECK(one_line(std::string(5000, 'x'), 10) == "xxxxxxxxxx...");
  CHECK(one_line(std::string(10, 'x'), 10) == "xxxxxxxxxx");
}

TEST_CASE("XML's own characters are escaped") {
  CHECK(xml_line("]]><a b=\"c\" d='e'>&") == "]]&gt;&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;");
}
