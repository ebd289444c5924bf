#include "check/clean.h"

#include <cstdio>

#include "base/integers.h"

namespace trapline::check {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// The character at the front of the text: its code point and length, or length 0 where the bytes are no UTF-8
// (Unicode, "UTF-8", well-formed byte sequences).
struct Character {
  u32 code = 0;
  std::size_t length = 0;
};

Character decode(std::string_view text) {
  const auto byte = [&](std::size_t index) { return static_cast<u32>(static_cast<unsigned char>(text[index])); };
  const u32 first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  u32 code = first & (0xFFu >> (length + 1));
  for (std::size_t index = 1; index < length; ++index) {
    if ((byte(index) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(index) & 0x3F);
  }
  const u32 least = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
  if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

bool is_control(u32 code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }
// Line separators, marks that turn the direction, and what XML forbids.
bool is_forbidden(u32 code) {
  return (code >= 0x200E && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF || (code & 0xFFFE) == 0xFFFE;
}

void append_escaped(std::string& out, u32 code) {
  if (code == '\n') {
    out += "\\n";
  } else if (code == '\t') {
    out += "\\t";
  } else {
    char text[16];
    std::snprintf(text, sizeof text, code < 0x100 ? "\\x%02x" : "\\u{%x}", static_cast<unsigned>(code));
    out += text;
  }
}

std::string cleaned(std::string_view text, std::size_t most, bool keep_lines) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= most) return out + "...";
    const Character character = decode(text);
    if (character.length == 0)
      out += replacement;
    else if (character.code == '\n' && keep_lines)
      out += '\n';
    else if (is_control(character.code) || is_forbidden(character.code))
      append_escaped(out, character.code);
    else
      out += text.substr(0, character.length);
    text.remove_prefix(character.length ? character.length : 1);
  }
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char letter : text) switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += letter;
    }
  return out;
}

}  // namespace

std::string one_line(std::string_view text, std::size_t most) { return cleaned(text, most, false); }
std::string many_lines(std::string_view text, std::size_t most) { return cleaned(text, most, true); }
std::string xml_line(std::string_view text) { return escaped(one_line(text)); }
std::string xml_lines(std::string_view text) { return escaped(many_lines(text)); }

}  // namespace trapline::check
