// What a trace says about itself: its kinds, their fields, and the words of its vocabularies.
//
// A file's schema may be older or newer than this build's rows. Readers, filters and printers work from the schema
// that came with the events; `current_schema()` is the one of this build's rows. Numbers of kinds are those of the
// schema, not of enum class Kind: `EventSchema::kind` tells the current kind of the same name, where there is one.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "trace/event.h"

namespace trapline::trace {

inline constexpr std::size_t max_kinds = 512;
inline constexpr std::size_t max_fields = 64;

// A set of kinds by their number in one schema.
using KindSet = std::bitset<max_kinds>;

struct WordSchema {
  u64 value = 0;
  std::string name;
};

struct VocabularySchema {
  std::string name;
  std::vector<WordSchema> words;

  std::string_view word_of(u64 value) const;                 // empty where there is none
  std::optional<u64> value_of(std::string_view word) const;  // any case
};

struct FieldSchema {
  std::string name;
  std::string doc;
  Display display = Display::dec;
  std::string vocabulary_name;                   // for Display::words
  const VocabularySchema* vocabulary = nullptr;  // owned by the Schema
  u16 offset = 0;                                // in a record, behind the header
  u8 bytes = 0;                                  // 1, 2, 4 or 8
};

struct EventSchema {
  u16 number = 0;  // in its schema
  std::string name;
  std::string doc;
  Level level = Level::exits;
  bool has_blob = false;
  u16 bytes = 0;  // of the fields together, padding included
  std::vector<FieldSchema> fields;

  std::optional<Kind> kind;  // this build's kind of the same name
  bool same_layout = false;  // its fields lie as in this build's struct

  std::optional<std::size_t> find_field(std::string_view name) const;
};

class Schema {
 public:
  Schema() = default;
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;
  Schema(Schema&&) = default;
  Schema& operator=(Schema&&) = default;

  const std::vector<EventSchema>& events() const { return events_; }
  const std::vector<VocabularySchema>& vocabularies() const { return vocabularies_; }
  const EventSchema* find_event(std::string_view name) const;
  const EventSchema* find_event(Kind kind) const;

  KindSet all_kinds() const;
  KindSet kinds_up_to(Level level) const;

  // Adds kinds and vocabularies in the order of their numbers; vocabularies first. Fields are given offsets, each
  // aligned to its width, as a compiler lays out a struct.
  void add_vocabulary(VocabularySchema vocabulary);
  Result<> add_event(EventSchema event);

  // As bytes in a file, and back. Any bytes may be given: an error is one sentence.
  std::string encoded() const;
  static Result<Schema> decode(std::span<const std::byte> bytes);

 private:
  std::vector<EventSchema> events_;
  std::vector<VocabularySchema> vocabularies_;  // reserved to its maximum, so that pointers to elements stay good
};

const Schema& current_schema();

}  // namespace trapline::trace
