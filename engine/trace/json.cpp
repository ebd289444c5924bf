// Events as JSON lines. Written by hand because millions of them are; what a blob claims to be JSON is checked first.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "trace/numbers.h"
#include "trace/text.h"

namespace trapline::trace {
namespace {

constexpr std::string_view stamp_names[] = {"seq", "kind", "vcpu", "tick", "retired", "provenance", "cause"};

// The length of the UTF-8 sequence at the front of `text` (Unicode, "Well-Formed UTF-8 Byte Sequences"); 0 for none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<u8>(text[i]); };
  const u8 first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate_or_beyond = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return overlong || surrogate_or_beyond ? 0 : length;
}

void append_escape(std::string& out, char letter) {
  static constexpr char digits[] = "0123456789abcdef";
  if (letter == '"' || letter == '\\') {
    out += '\\';
    out += letter;
  } else if (letter == '\n') {
    out += "\\n";
  } else {
    out += "\\u00";
    out += digits[static_cast<u8>(letter) >> 4];
    out += digits[static_cast<u8>(letter) & 15];
  }
}

void append_quoted(std::string& out, std::string_view plain) {
  out += '"';
  out += plain;
  out += '"';
}

void append_value(std::string& out, const RecordedEvent& event, std::size_t index) {
  const FieldSchema& field = event.schema().fields[index];
  const u64 value = event.field(index);
  if (means_unknown(field.display, field.bytes, value)) {
    out += "null";
  } else if (field.display == Display::dec) {
    append_decimal(out, value);
  } else if (field.display == Display::flag) {
    out += value != 0 ? "true" : "false";
  } else if (const std::string_view word = event.word(index); !word.empty()) {
    append_json_string(out, word);
  } else {
    out += '"';
    append_hex(out, value);
    out += '"';
  }
}

// JSON cannot hold a line break but between its tokens, so an object of several lines is joined by spaces.
void append_blob(std::string& out, const RecordedEvent& event) {
  const std::span<const std::byte> blob = event.blob();
  const std::string_view text(reinterpret_cast<const char*>(blob.data()), blob.size());
  if (event.is<RunHeader>() && nlohmann::json::accept(text)) {
    const std::size_t start = out.size();
    out += text;
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
        [](char letter) { return letter == '\n' || letter == '\r'; }, ' ');
    return;
  }
  out += "{\"bytes\":";
  append_decimal(out, blob.size());
  out += ",\"sha256\":\"" + sha256_hex(blob) + "\"}";
}

void append_stamp(std::string& out, const RecordedEvent& event) {
  const Stamp stamp = event.stamp();
  out += "{\"seq\":";
  append_decimal(out, event.sequence());
  out += ",\"kind\":";
  append_quoted(out, event.kind_name());
  out += ",\"vcpu\":";
  append_decimal(out, stamp.vcpu);
  out += ",\"tick\":";
  append_decimal(out, stamp.tick);
  out += ",\"retired\":";
  if (stamp.retired == unknown_number)
    out += "null";
  else
    append_decimal(out, stamp.retired);
  out += ",\"provenance\":";
  const std::string_view word = name_of(stamp.provenance);
  if (word.empty())
    out += "null";
  else
    append_quoted(out, word);
  out += ",\"cause\":";
  append_decimal(out, stamp.cause);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char letter = text.front();
    if (length == 0)
      out += "\xef\xbf\xbd";
    else if (length == 1 && (static_cast<u8>(letter) < ' ' || letter == '"' || letter == '\\' || letter == 0x7f))
      append_escape(out, letter);
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

void append_json(std::string& out, const RecordedEvent& event) {
  append_stamp(out, event);
  for (std::size_t i = 0; i < event.field_count(); ++i) {
    const std::string& name = event.schema().fields[i].name;
    out += ",\"";
    if (std::find(std::begin(stamp_names), std::end(stamp_names), name) != std::end(stamp_names)) {
      out += event.kind_name();
      out += '_';
    }
    out += name;
    out += "\":";
    append_value(out, event, i);
  }
  if (event.schema().has_blob) {
    out += ",\"blob\":";
    append_blob(out, event);
  }
  out += '}';
}

}  // namespace trapline::trace
