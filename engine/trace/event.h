// What an event is: a header that every event carries, and the struct of its kind, both declared from rows.
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"

namespace trapline::trace {

// ---- vocabularies: one enum class per table of vocabulary.def ------------------------------------------------
#define WORDS_BEGIN(Name) enum class Name : u8 {
#define WORD(name, value) name = (value),
#define WORDS_END(Name) \
  }                     \
  ;
#include "trace/vocabulary.def"
#undef WORDS_BEGIN
#undef WORD
#undef WORDS_END

struct Word {
  u64 value;
  std::string_view name;
};

// A named set of words: `name` is the enum's, without its namespace.
struct Vocabulary {
  std::string_view name;
  std::span<const Word> words;
};

// Every vocabulary that a field may name: those of vocabulary.def and those of engine/spec.
std::span<const Vocabulary> vocabularies();
const Vocabulary* find_vocabulary(std::string_view name);
// The word for a value, or empty where the vocabulary has none.
std::string_view word_of(const Vocabulary& vocabulary, u64 value);

// The word of one value, for each enum of vocabulary.def; empty where the enum has no such value.
template <typename Enum>
std::string_view name_of(Enum value);
#define WORDS_BEGIN(Name) \
  template <>             \
  std::string_view name_of(Name value);
#define WORD(name, value)
#define WORDS_END(Name)
#include "trace/vocabulary.def"
#undef WORDS_BEGIN
#undef WORD
#undef WORDS_END

// ---- kinds -----------------------------------------------------------------------------------------------------
enum class Kind : u16 {
#define EVENT(Struct, kind, level, doc, ...) kind,
#define BLOB_EVENT(Struct, kind, level, doc, ...) kind,
#include "trace/events.def"
#undef EVENT
#undef BLOB_EVENT
  count_,
};
inline constexpr std::size_t kind_count = static_cast<std::size_t>(Kind::count_);

inline constexpr u64 unknown_number = ~0ULL;

// When, where and why: what every event carries beside its own fields.
struct Stamp {
  u64 tick = 0;                  // soft: modelled cycles; kvm: nanoseconds since the lane began
  u64 retired = unknown_number;  // guest instructions completed; unknown on kvm
  u64 cause = 0;                 // correlator: ties an exit, its walks, table writes and the next entry together
  u8 vcpu = 0;
  Provenance provenance = Provenance::observed;
};

// ---- structs ---------------------------------------------------------------------------------------------------
#define F(type, name, display, doc) type name = 0;
#define EVENT(Struct, kind_name, level_name, doc, ...)      \
  struct Struct {                                           \
    static constexpr Kind event_kind = Kind::kind_name;     \
    static constexpr Level event_level = Level::level_name; \
    static constexpr bool has_blob = false;                 \
    __VA_ARGS__                                             \
  };
#define BLOB_EVENT(Struct, kind_name, level_name, doc, ...) \
  struct Struct {                                           \
    static constexpr Kind event_kind = Kind::kind_name;     \
    static constexpr Level event_level = Level::level_name; \
    static constexpr bool has_blob = true;                  \
    __VA_ARGS__                                             \
  };
#include "trace/events.def"
#undef F
#undef EVENT
#undef BLOB_EVENT

// ---- the same, described: what writers, readers, filters and pages loop over -------------------------------------
enum class Display : u8 { dec, hex, gva, gpa, hpa, flag, words };

// All ones means "the metal cannot know" in addresses and in 64-bit counts. In `hex` fields it is a value like any
// other: a guest may well store -1.
constexpr bool means_unknown(Display display, unsigned bytes, u64 value) {
  return bytes == 8 && value == unknown_number &&
         (display == Display::dec || display == Display::gva || display == Display::gpa || display == Display::hpa);
}

struct FieldInfo {
  std::string_view name;
  std::string_view doc;
  Display display;
  std::string_view vocabulary;  // for Display::words
  u16 offset;                   // in the kind's struct
  u8 bytes;                     // 1, 2, 4 or 8
};

struct EventInfo {
  Kind kind;
  std::string_view name;
  std::string_view doc;
  Level level;
  bool has_blob;
  u16 bytes;  // sizeof the struct, without a blob
  std::span<const FieldInfo> fields;
};

const EventInfo& info_of(Kind kind);
std::span<const EventInfo> all_events();
const EventInfo* find_event(std::string_view name);

}  // namespace trapline::trace
