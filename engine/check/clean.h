// Text of unknown origin, made fit to be printed: a guest's console, a learner's error message.
//
// What comes out is valid UTF-8 without control characters, so it can neither move a terminal's cursor nor end a line
// of a protocol, and every character of it is allowed in XML 1.0.
#pragma once

#include <string>
#include <string_view>

namespace trapline::check {

// Control characters become `\n`, `\t` or `\x1b`, as do the Unicode ones that turn the reading direction; bytes that
// are no UTF-8 become U+FFFD. At most `most` bytes, then "...".
std::string one_line(std::string_view text, std::size_t most = 2000);

// The same for each line by itself; line breaks stay.
std::string many_lines(std::string_view text, std::size_t most = 20000);

// one_line or many_lines, with & < > " ' escaped: for XML text and attributes.
std::string xml_line(std::string_view text);
std::string xml_lines(std::string_view text);

}  // namespace trapline::check
