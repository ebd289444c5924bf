// The reference page of all events: the rows of events.def and vocabulary.def, laid out as Markdown.
#include "trace/text.h"

namespace trapline::trace {
namespace {

constexpr std::string_view display_names[] = {
    "number", "hexadecimal", "linear address", "guest-physical address", "host-physical address", "flag", "word"};

std::string type_of(const FieldInfo& field) {
  std::string out(display_names[static_cast<std::size_t>(field.display)]);
  if (field.display == Display::words) {
    out += " of ";
    out += field.vocabulary;
  }
  out += ", u";
  return out += std::to_string(field.bytes * 8);
}

// A `|` would end a table's cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '|') out += '\\';
    out += letter;
  }
  return out;
}

void append_event(std::string& out, const EventInfo& info) {
  out += "\n### `";
  out += info.name;
  out += "`\n";
  out += info.doc;
  out += " Recorded from level `";
  out += name_of(info.level);
  out += "` on.";
  if (info.has_blob) out += " Bytes of any length follow its fields.";
  out += "\n\n| field | type | meaning |\n|---|---|---|\n";
  for (const FieldInfo& field : info.fields) {
    out += "| `";
    out += field.name;
    out += "` | " + type_of(field) + " | " + cell(field.doc) + " |\n";
  }
}

void append_vocabulary(std::string& out, const Vocabulary& vocabulary) {
  out += "\n### ";
  out += vocabulary.name;
  out += '\n';
  bool first = true;
  for (const Word& word : vocabulary.words) {
    out += first ? "`" : ", `";
    out += word.name;
    out += "` " + std::to_string(word.value);
    first = false;
  }
  out += '\n';
}

}  // namespace

std::string event_reference() {
  std::string out =
      "# Events\n\nMade by the program from `engine/trace/events.def`; change it there.\n\n"
      "Every event carries `seq`, `kind`, `vcpu`, `tick`, `retired`, `provenance` and `cause` beside its own fields. "
      "An address or count that the metal cannot know is `unknown`, in JSON `null`.\n\n## Kinds\n";
  for (const EventInfo& info : all_events()) append_event(out, info);
  out += "\n## Words\n";
  for (const Vocabulary& vocabulary : vocabularies()) append_vocabulary(out, vocabulary);
  return out;
}

}  // namespace trapline::trace
