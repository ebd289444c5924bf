#include "visualizer/rows/memory_rows.h"

#include "base/address.h"
#include "base/bits.h"
#include "base/hex.h"
#include "spec/paging_bits.h"
#include "views/change_of_memory.h"
#include "views/known_memory.h"
#include "views/scan.h"
#include "visualizer/rows/bounded.h"
#include "visualizer/rows/field_parts.h"

namespace trapline::window {

namespace {

using views::Subject;
using views::SubjectKind;

bool is_address(const Subject& subject) {
  return subject.kind == SubjectKind::linear || subject.kind == SubjectKind::guest_physical ||
         subject.kind == SubjectKind::host_physical;
}

// The address that the event under the cursor is about.
Subject address_of(const trace::RecordedEvent& event) {
  struct Candidate {
    std::string_view field;
    SubjectKind kind;
  };
  constexpr Candidate candidates[] = {{"entry_hpa", SubjectKind::host_physical},
                                      {"hpa", SubjectKind::host_physical},
                                      {"entry_gpa", SubjectKind::guest_physical},
                                      {"gpa", SubjectKind::guest_physical},
                                      {"gva", SubjectKind::linear},
                                      {"cr2", SubjectKind::linear}};
  for (const Candidate& candidate : candidates)
    if (const auto value = event.field(candidate.field); value && *value != trace::unknown_number)
      return {candidate.kind, *value};
  return {};
}

struct Used {
  bool ept = false;
  unsigned level = 0;
  u64 sequence = 0;
};

// What the last walk that read an entry of this page took the page for.
std::optional<Used> use_of(const trace::EventSource& source, u64 page, u64 near, const views::StopSearch& stop) {
  std::optional<Used> used;
  const auto reads_it = [&](const trace::RecordedEvent& event) {
    const auto reference = event.as<trace::WalkReference>();
    if (!reference || reference->entry_hpa == trace::unknown_number || (reference->entry_hpa & ~0xfffULL) != page)
      return false;
    const bool level_fits = reference->level >= 1 && reference->level <= 4;
    used = {reference->dimension == static_cast<u8>(trace::Dimension::ept), level_fits ? reference->level : 0U,
            event.sequence()};
    return level_fits;
  };
  const trace::KindSet kinds = source.kinds<trace::WalkReference>();
  if (!views::scan_back(source, {kinds, 0, near}, stop, reads_it)) used.reset();
  return used;
}

std::string entry_text(u64 value, bool ept, unsigned level) {
  const u64 present = ept ? 7 : 1;
  if ((value & present) == 0) return value == 0 ? "not present" : "not present, other bits " + hex_number(value);
  std::string flags, address;
  for (const spec::PagingBits& row : spec::paging_bits_of(spec::paging_entry_of(ept, level == 0 ? 1 : level, value))) {
    const u64 number = bits(value, row.high, row.low);
    if (row.name == "address") address = hex_number(number << row.low);
    if (number == 0 || row.name == "address" || row.name == "ignored") continue;
    if (!flags.empty()) flags += " ";
    if (row.name == "0")
      flags += "reserved!";
    else
      flags += row.high == row.low ? std::string(row.name) : std::string(row.name) + "=" + std::to_string(number);
  }
  return "-> " + address + "  " + flags;
}

std::string queue_text(u64 address, u64 rest) {
  std::string text = "buffer " + hex_number(address) + ", " + std::to_string(bits(rest, 31, 0)) + " bytes";
  const u64 flags = bits(rest, 47, 32);
  text += flags & 2 ? ", device writes" : ", device reads";
  if (flags & 4) text += ", INDIRECT";
  if (flags & 1) text += ", next " + std::to_string(bits(rest, 63, 48));
  return text;
}

std::string letters(const MemoryRow& row) {
  std::string text;
  for (unsigned i = 0; i < row.count; ++i) {
    const auto byte = row.bytes[i];
    text += byte && *byte >= 0x20 && *byte < 0x7f ? static_cast<char>(*byte) : byte ? '.' : ' ';
  }
  return text;
}

// Eight bytes, where all are known.
std::optional<u64> number_at(const MemoryRow& row, unsigned first) {
  u64 value = 0;
  for (unsigned i = 0; i < 8; ++i) {
    if (!row.bytes[first + i]) return std::nullopt;
    value |= static_cast<u64>(*row.bytes[first + i]) << (8 * i);
  }
  return value;
}

std::string meaning_of(const MemoryRow& row, Overlay overlay, unsigned level) {
  if (overlay == Overlay::bytes) return letters(row);
  const auto value = number_at(row, 0);
  if (!value) return {};
  if (overlay == Overlay::descriptors) return descriptor_text(*value);
  if (overlay != Overlay::virtqueue) return entry_text(*value, overlay == Overlay::ept_table, level);
  const auto rest = number_at(row, 8);
  return rest ? queue_text(*value, *rest) : std::string();
}

unsigned bytes_in_row(Overlay overlay) { return overlay == Overlay::bytes || overlay == Overlay::virtqueue ? 16 : 8; }

void add_rows(MemoryRows& rows, const views::KnownMemoryView& memory, u64 address, std::optional<u64> stop) {
  const unsigned count = bytes_in_row(rows.overlay);
  for (u64 offset = 0; offset < page_bytes; offset += count) {
    MemoryRow row;
    row.offset = offset;
    row.count = count;
    for (unsigned i = 0; i < count; ++i) {
      row.bytes[i] = memory.byte(*rows.page + offset + i);
      rows.known += row.bytes[i].has_value();
    }
    for (unsigned i = 0; i < count; i += 8)
      if (const auto teller = memory.teller(*rows.page + offset + i))
        row.told_at = std::max(row.told_at.value_or(0), *teller);
    row.changed = stop && row.told_at && *row.told_at > *stop;
    row.selected = address >= *rows.page + offset && address - *rows.page - offset < count;
    row.meaning = meaning_of(row, rows.overlay, rows.level);
    rows.rows.push_back(std::move(row));
  }
}

}  // namespace

std::string descriptor_text(u64 value) {
  if (value == 0) return "null";
  const u32 rights = static_cast<u32>(bits(value, 47, 40) | bits(value, 55, 52) << 12);
  std::string text(segment_type(rights));
  text += ", DPL " + std::to_string(bits(value, 46, 45));
  text += has_bit(value, 47) ? ", P" : ", not present";
  const bool gate = !has_bit(value, 44) && (bits(value, 43, 40) == 14 || bits(value, 43, 40) == 15);
  if (gate)
    return text + ", selector " + hex_number(bits(value, 31, 16)) + ", IST " + std::to_string(bits(value, 34, 32)) +
           ", offset bits 31:0 " + hex_number(bits(value, 63, 48) << 16 | bits(value, 15, 0));
  if (has_bit(value, 53)) text += ", L";
  return text + ", base " + hex_number(bits(value, 63, 56) << 24 | bits(value, 39, 16)) + ", limit " +
         hex_number(bits(value, 51, 48) << 16 | bits(value, 15, 0));
}

MemoryRows memory_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  MemoryRows rows;
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return rows;
  const u64 at = bounded(*lane, question.at.sequence);
  const trace::EventSource& source = lane->source();
  rows.records_accesses = lane->facts().records(trace::Level::memory);
  rows.place = question.subject;
  if (!is_address(rows.place)) {
    const auto event = source.at(at);
    rows.place = event ? address_of(*event) : Subject{};
  }
  if (!is_address(rows.place)) return rows;
  rows.asked = true;
  const auto stopped = [&] { return static_cast<bool>(interrupt); };
  const auto address = views::host_address_of(source, rows.place, at + 1, stopped);
  if (!address) return rows;
  rows.page = *address & ~(page_bytes - 1);
  const auto* const memory = lane->after<views::KnownMemoryView>(at, interrupt);
  if (memory == nullptr) return rows;
  const auto used = use_of(source, *rows.page, at + 1, stopped);
  if (used) {
    rows.walk = used->sequence;
    rows.level = used->level;
  }
  const auto chosen = static_cast<Overlay>(std::min<u64>(question.first, static_cast<u64>(Overlay::count_) - 1));
  rows.overlay = chosen != Overlay::automatic ? chosen
                 : !used                      ? Overlay::bytes
                                              : (used->ept ? Overlay::ept_table : Overlay::page_table);
  const auto previous = source.last_before(source.kinds<trace::VmExit, trace::Trap, trace::UserExit>(), at);
  add_rows(rows, *memory, *address, previous);
  return rows;
}

}  // namespace trapline::window
