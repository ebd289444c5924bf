#include "trace/text.h"

#include "trace/numbers.h"

namespace trapline::trace {
namespace {

struct ColumnWidths {
  std::size_t seq = 8;
  std::size_t tick = 12;
  std::size_t retired = 10;
  std::size_t cause = 6;
};
constexpr ColumnWidths widths;

void append_right(std::string& out, std::string_view text, std::size_t width) {
  if (text.size() < width) out.append(width - text.size(), ' ');
  out += text;
}

void append_right(std::string& out, u64 value, std::size_t width) {
  char digits[20];
  const char* const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  append_right(out, std::string_view(digits, static_cast<std::size_t>(end - digits)), width);
}

void append_field(std::string& out, const RecordedEvent& event, std::size_t index) {
  const FieldSchema& field = event.schema().fields[index];
  const u64 value = event.field(index);
  if (means_unknown(field.display, field.bytes, value)) {
    out += "unknown";
    return;
  }
  switch (field.display) {
    case Display::dec:
      return append_decimal(out, value);
    case Display::flag:
      out += value != 0 ? "yes" : "no";
      return;
    case Display::words:
      if (const std::string_view word = event.word(index); !word.empty()) {
        out += word;
        return;
      }
      [[fallthrough]];
    default:
      append_hex(out, value);
  }
}

}  // namespace

std::string text_heading() {
  std::string out;
  append_right(out, std::string_view("seq"), widths.seq);
  append_right(out, std::string_view("tick"), widths.tick + 1);
  append_right(out, std::string_view("retired"), widths.retired + 1);
  append_right(out, std::string_view("cause"), widths.cause + 1);
  return out += "  event";
}

void append_text(std::string& out, const RecordedEvent& event) {
  const Stamp stamp = event.stamp();
  append_right(out, event.sequence(), widths.seq);
  out += ' ';
  append_right(out, stamp.tick, widths.tick);
  out += ' ';
  if (stamp.retired == unknown_number)
    append_right(out, std::string_view("-"), widths.retired);
  else
    append_right(out, stamp.retired, widths.retired);
  out += ' ';
  append_right(out, stamp.cause, widths.cause);
  out += "  ";
  out += event.kind_name();
  for (std::size_t i = 0; i < event.field_count(); ++i) {
    out += ' ';
    out += event.schema().fields[i].name;
    out += '=';
    append_field(out, event, i);
  }
  if (event.schema().has_blob) {
    out += " blob=";
    append_decimal(out, event.blob().size());
    out += " bytes";
  }
  if (stamp.vcpu != 0) {
    out += " [vcpu ";
    append_decimal(out, stamp.vcpu);
    out += ']';
  }
  if (stamp.provenance != Provenance::observed) {
    const std::string_view word = name_of(stamp.provenance);
    out += " [";
    out += word.empty() ? "provenance unknown" : word;
    out += ']';
  }
}

std::string field_text(const RecordedEvent& event, std::size_t field) {
  std::string out;
  append_field(out, event, field);
  return out;
}

}  // namespace trapline::trace
