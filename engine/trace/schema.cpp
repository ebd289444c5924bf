// Schemas: this build's from its rows, and their form in a file.
#include "trace/schema.h"

#include <algorithm>
#include <cctype>

#include "trace/varint.h"

namespace trapline::trace {
namespace {

constexpr std::size_t max_vocabularies = 256;
constexpr std::size_t max_words = 8192;
constexpr std::size_t max_name = 96;

bool same_letters(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char one, unsigned char other) { return std::tolower(one) == std::tolower(other); });
}

// Names reach terminals and JSON as they are, so a file may not smuggle anything else in.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= max_name && std::all_of(name.begin(), name.end(), [](unsigned char letter) {
    return std::isalnum(letter) || letter == '_';
  });
}
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char letter) { return letter >= ' ' && letter != 0x7f; });
}

bool matches_current(const EventSchema& event) {
  const EventInfo& info = info_of(*event.kind);
  if (info.bytes != event.bytes || info.fields.size() != event.fields.size()) return false;
  for (std::size_t i = 0; i < info.fields.size(); ++i) {
    const FieldInfo& mine = info.fields[i];
    const FieldSchema& theirs = event.fields[i];
    if (mine.name != theirs.name || mine.offset != theirs.offset || mine.bytes != theirs.bytes) return false;
  }
  return true;
}

// Reads hostile bytes; after the first fault everything reads as zero or empty and `good` is false.
struct Decoder {
  const u8* in;
  const u8* end;
  bool good = true;

  u64 number(u64 limit) {
    u64 value = 0;
    const u8* const next = good ? get_varint(in, end, value) : nullptr;
    if (next == nullptr || value > limit) {
      good = false;
      return 0;
    }
    in = next;
    return value;
  }
  std::string text() {
    const u64 size = number(static_cast<u64>(end - in));
    if (!good || size > static_cast<u64>(end - in)) {
      good = false;
      return {};
    }
    std::string result(reinterpret_cast<const char*>(in), size);
    in += size;
    good = is_printable(result);
    return result;
  }
};

void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out += text;
}

VocabularySchema decode_vocabulary(Decoder& in) {
  VocabularySchema result;
  result.name = in.text();
  const u64 words = in.number(max_words);
  for (u64 i = 0; i < words && in.good; ++i) {
    const u64 value = in.number(~0ULL);
    result.words.push_back({value, in.text()});
    in.good = in.good && !result.words.back().name.empty() && result.words.back().name.size() <= max_name;
  }
  in.good = in.good && is_name(result.name);
  return result;
}

EventSchema decode_event(Decoder& in) {
  EventSchema result;
  result.name = in.text();
  result.doc = in.text();
  result.level = static_cast<Level>(in.number(static_cast<u64>(Level::instructions)));
  result.has_blob = in.number(1) != 0;
  const u64 fields = in.number(max_fields);
  for (u64 i = 0; i < fields && in.good; ++i) {
    FieldSchema field;
    field.name = in.text();
    field.doc = in.text();
    field.bytes = static_cast<u8>(in.number(8));
    field.display = static_cast<Display>(in.number(static_cast<u64>(Display::words)));
    field.vocabulary_name = in.text();
    result.fields.push_back(std::move(field));
  }
  return result;
}

Schema described() {
  Schema schema;
  for (const Vocabulary& vocabulary : vocabularies()) {
    VocabularySchema copy{std::string(vocabulary.name), {}};
    for (const Word& word : vocabulary.words) copy.words.push_back({word.value, std::string(word.name)});
    schema.add_vocabulary(std::move(copy));
  }
  for (const EventInfo& info : all_events()) {
    EventSchema event;
    event.name = info.name;
    event.doc = info.doc;
    event.level = info.level;
    event.has_blob = info.has_blob;
    for (const FieldInfo& row : info.fields) {
      FieldSchema field;
      field.name = row.name;
      field.doc = row.doc;
      field.display = row.display;
      field.vocabulary_name = row.vocabulary;
      field.bytes = row.bytes;
      event.fields.push_back(std::move(field));
    }
    [[maybe_unused]] const Result<> added = schema.add_event(std::move(event));
    assert(added.ok() && schema.events().back().same_layout);
  }
  return schema;
}

}  // namespace

std::string_view VocabularySchema::word_of(u64 value) const {
  const auto found = std::lower_bound(words.begin(), words.end(), value,
                                      [](const WordSchema& word, u64 wanted) { return word.value < wanted; });
  return found != words.end() && found->value == value ? std::string_view(found->name) : std::string_view();
}

std::optional<u64> VocabularySchema::value_of(std::string_view word) const {
  for (const WordSchema& candidate : words)
    if (same_letters(candidate.name, word)) return candidate.value;
  return std::nullopt;
}

std::optional<std::size_t> EventSchema::find_field(std::string_view field) const {
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (fields[i].name == field) return i;
  return std::nullopt;
}

const EventSchema* Schema::find_event(std::string_view name) const {
  for (const EventSchema& event : events_)
    if (event.name == name) return &event;
  return nullptr;
}

const EventSchema* Schema::find_event(Kind kind) const {
  for (const EventSchema& event : events_)
    if (event.kind == kind) return &event;
  return nullptr;
}

KindSet Schema::all_kinds() const { return kinds_up_to(Level::instructions); }

KindSet Schema::kinds_up_to(Level level) const {
  KindSet set;
  for (const EventSchema& event : events_) set[event.number] = event.level <= level;
  return set;
}

void Schema::add_vocabulary(VocabularySchema vocabulary) {
  vocabularies_.reserve(max_vocabularies);
  assert(vocabularies_.size() < max_vocabularies && events_.empty());
  std::stable_sort(vocabulary.words.begin(), vocabulary.words.end(),
                   [](const WordSchema& left, const WordSchema& right) { return left.value < right.value; });
  vocabularies_.push_back(std::move(vocabulary));
}

Result<> Schema::add_event(EventSchema event) {
  if (events_.size() >= max_kinds) return usage_error("the schema has too many kinds of events");
  if (!is_name(event.name) || find_event(event.name) != nullptr)
    return usage_error("the schema has a kind without a usable name of its own");
  std::size_t end = 0;
  std::size_t widest = 1;
  for (FieldSchema& field : event.fields) {
    const bool width_good = field.bytes == 1 || field.bytes == 2 || field.bytes == 4 || field.bytes == 8;
    if (!width_good || !is_name(field.name) || &event.fields[*event.find_field(field.name)] != &field)
      return usage_error("the schema's kind " + event.name + " has a field without a usable name or width");
    field.offset = static_cast<u16>((end + field.bytes - 1) / field.bytes * field.bytes);
    end = field.offset + field.bytes;
    widest = std::max<std::size_t>(widest, field.bytes);
    for (const VocabularySchema& vocabulary : vocabularies_)
      if (vocabulary.name == field.vocabulary_name) field.vocabulary = &vocabulary;
  }
  event.bytes = static_cast<u16>((end + widest - 1) / widest * widest);
  event.number = static_cast<u16>(events_.size());
  if (const EventInfo* const info = trace::find_event(event.name);
      info != nullptr && info->has_blob == event.has_blob) {
    event.kind = info->kind;
    event.same_layout = matches_current(event);
  }
  events_.push_back(std::move(event));
  return {};
}

std::string Schema::encoded() const {
  std::string out;
  append_varint(out, vocabularies_.size());
  for (const VocabularySchema& vocabulary : vocabularies_) {
    append_text(out, vocabulary.name);
    append_varint(out, vocabulary.words.size());
    for (const WordSchema& word : vocabulary.words) {
      append_varint(out, word.value);
      append_text(out, word.name);
    }
  }
  append_varint(out, events_.size());
  for (const EventSchema& event : events_) {
    append_text(out, event.name);
    append_text(out, event.doc);
    append_varint(out, static_cast<u64>(event.level));
    append_varint(out, event.has_blob);
    append_varint(out, event.fields.size());
    for (const FieldSchema& field : event.fields) {
      append_text(out, field.name);
      append_text(out, field.doc);
      append_varint(out, field.bytes);
      append_varint(out, static_cast<u64>(field.display));
      append_text(out, field.vocabulary_name);
    }
  }
  return out;
}

Result<Schema> Schema::decode(std::span<const std::byte> bytes) {
  const u8* const start = reinterpret_cast<const u8*>(bytes.data());
  Decoder in{start, start + bytes.size()};
  Schema schema;
  const u64 vocabulary_count = in.number(max_vocabularies);
  for (u64 i = 0; i < vocabulary_count && in.good; ++i) schema.add_vocabulary(decode_vocabulary(in));
  const u64 event_count = in.number(max_kinds);
  for (u64 i = 0; i < event_count && in.good; ++i) {
    EventSchema event = decode_event(in);
    if (!in.good) break;
    if (Result<> added = schema.add_event(std::move(event)); !added) return added.error();
  }
  if (!in.good || in.in != in.end) return usage_error("the schema is not well formed");
  return schema;
}

const Schema& current_schema() {
  static const Schema& schema = *new Schema(described());  // for whoever ends later than main does, such as a writer
  return schema;
}

}  // namespace trapline::trace
