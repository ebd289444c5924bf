// Fields of a record, found by the schema that came with it.
#include "trace/recorded_event.h"

namespace trapline::trace {
namespace {

u64 load(const std::byte* from, unsigned bytes) {
  u64 value = 0;
  std::memcpy(&value, from, bytes);
  return value;
}

// What a field means that the file does not have.
u64 absent(Display display) {
  const bool address = display == Display::gva || display == Display::gpa || display == Display::hpa;
  return address ? unknown_number : 0;
}

}  // namespace

RecordedEvent::RecordedEvent(std::shared_ptr<const Segment> segment, std::size_t index) : segment_(std::move(segment)) {
  move_to(index);
}

void RecordedEvent::move_to(std::size_t index) {
  index_ = index;
  record_ = segment_->bytes.data() + segment_->offsets[index];
  schema_ = &segment_->schema->events()[header().kind];
}

Stamp RecordedEvent::stamp() const {
  const RecordHeader& from = header();
  return {from.tick, from.retired, from.cause, from.vcpu, static_cast<Provenance>(from.provenance)};
}

u64 RecordedEvent::field(std::size_t index) const {
  const FieldSchema& info = schema_->fields[index];
  return load(fields() + info.offset, info.bytes);
}

std::optional<u64> RecordedEvent::field(std::string_view name) const {
  const std::optional<std::size_t> index = schema_->find_field(name);
  return index ? std::optional(field(*index)) : std::nullopt;
}

std::string_view RecordedEvent::word(std::size_t index) const {
  const VocabularySchema* const vocabulary = schema_->fields[index].vocabulary;
  return vocabulary == nullptr ? std::string_view() : vocabulary->word_of(field(index));
}

std::span<const std::byte> RecordedEvent::blob() const { return blob_of(*schema_, fields()); }

std::span<const std::byte> blob_of(const EventSchema& schema, const std::byte* fields) {
  if (!schema.has_blob) return {};
  const std::byte* const length = fields + ((schema.bytes + 7U) & ~7U);
  return {length + sizeof(u64), load(length, sizeof(u64))};
}

void RecordedEvent::fill(const EventInfo& info, std::byte* into) const {
  for (const FieldInfo& wanted : info.fields) {
    const u64 value = field(wanted.name).value_or(absent(wanted.display));
    std::memcpy(into + wanted.offset, &value, wanted.bytes);
  }
}

}  // namespace trapline::trace
