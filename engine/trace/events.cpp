// The tables that describe the structs of events.def: made from the same rows, with the offsets that the compiler
// chose.
#include <array>
#include <cstddef>

#include "trace/event.h"

namespace trapline::trace {
namespace {

struct DisplayRow {
  Display display;
  std::string_view vocabulary = {};
};

// `words(spec::Vector)` names the vocabulary "Vector": namespaces are this code's matter and stay out of files.
constexpr DisplayRow words_row(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return {Display::words, colon == std::string_view::npos ? name : name.substr(colon + 1)};
}

#define DISPLAY_dec \
  DisplayRow { Display::dec }
#define DISPLAY_hex \
  DisplayRow { Display::hex }
#define DISPLAY_gva \
  DisplayRow { Display::gva }
#define DISPLAY_gpa \
  DisplayRow { Display::gpa }
#define DISPLAY_hpa \
  DisplayRow { Display::hpa }
#define DISPLAY_flag \
  DisplayRow { Display::flag }
#define DISPLAY_words(Name) words_row(#Name)

constexpr FieldInfo field(std::string_view name, DisplayRow row, std::string_view doc, std::size_t offset,
                          std::size_t bytes) {
  return {name, doc, row.display, row.vocabulary, static_cast<u16>(offset), static_cast<u8>(bytes)};
}

#define F(type, name, display, doc) field(#name, DISPLAY_##display, doc, offsetof(Self, name), sizeof(type)),
#define EVENT(Struct, kind, level, doc, ...)          \
  struct Fields_##kind {                              \
    using Self = Struct;                              \
    static constexpr FieldInfo all[] = {__VA_ARGS__}; \
  };
#define BLOB_EVENT EVENT
#include "trace/events.def"
#undef F
#undef EVENT
#undef BLOB_EVENT

constexpr EventInfo infos[] = {
#define EVENT(Struct, kind, level, doc, ...) \
  {Kind::kind, #kind, doc, Level::level, false, sizeof(Struct), Fields_##kind::all},
#define BLOB_EVENT(Struct, kind, level, doc, ...) \
  {Kind::kind, #kind, doc, Level::level, true, sizeof(Struct), Fields_##kind::all},
#include "trace/events.def"
#undef EVENT
#undef BLOB_EVENT
};
static_assert(std::size(infos) == kind_count);

// Every struct is laid out as Schema lays out fields: each aligned to its width, in order, nothing else between.
constexpr bool laid_out_plainly(const EventInfo& info) {
  std::size_t end = 0;
  std::size_t widest = 1;
  for (const FieldInfo& field : info.fields) {
    const std::size_t start = (end + field.bytes - 1) / field.bytes * field.bytes;
    if (field.offset != start) return false;
    end = start + field.bytes;
    widest = field.bytes > widest ? field.bytes : widest;
  }
  return info.bytes == (end + widest - 1) / widest * widest;
}
constexpr bool all_plain() {
  for (const EventInfo& info : infos)
    if (!laid_out_plainly(info)) return false;
  return true;
}
static_assert(all_plain());

}  // namespace

const EventInfo& info_of(Kind kind) { return infos[static_cast<std::size_t>(kind)]; }

std::span<const EventInfo> all_events() { return infos; }

const EventInfo* find_event(std::string_view name) {
  for (const EventInfo& info : infos)
    if (info.name == name) return &info;
  return nullptr;
}

}  // namespace trapline::trace
