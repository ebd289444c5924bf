// Addresses of all ones are unknown, and no arithmetic here may wrap: traces are not to be trusted.
#include "views/change_of_memory.h"

#include "base/address.h"
#include "views/scan.h"

namespace trapline::views {

namespace {

constexpr u64 unknown = trace::unknown_number;

struct Bytes {
  u64 first = unknown;
  u64 count = 0;
};

bool overlap(const Bytes& a, const Bytes& b) {
  if (a.first == unknown || b.first == unknown || a.count == 0 || b.count == 0) return false;
  return a.first <= b.first ? b.first - a.first < a.count : a.first - b.first < b.count;
}

u64 page_bytes_of(u8 level) { return level >= 1 && level <= 3 ? page_bytes << (9 * (level - 1)) : page_bytes; }

bool is_write(u8 access) { return access == static_cast<u8>(trace::AccessKind::write); }

// The physical addresses of the first byte of what an event wrote.
struct Written {
  u64 gpa = unknown, hpa = unknown;
  u64 count = 0;
};

Written written_by(const trace::RecordedEvent& event) {
  if (const auto write = event.as<trace::TableWrite>()) return {write->gpa, write->hpa, write->size};
  if (const auto update = event.as<trace::PageTableUpdate>()) return {update->entry_gpa, unknown, 8};
  if (const auto access = event.as<trace::MemoryAccess>())
    return {unknown, access->hpa, is_write(access->access) ? access->size : 0U};
  if (const auto mmio = event.as<trace::Mmio>()) return {mmio->gpa, unknown, is_write(mmio->access) ? mmio->size : 0U};
  const auto action = event.as<trace::HandlerAction>();
  if (action && action->action == static_cast<u8>(trace::HandlerChange::write_physical))
    return {action->target, unknown, action->value};
  return {};
}

// A page, or a part of one, under both addresses.
struct BothAddresses {
  u64 gpa = unknown, hpa = unknown;
  u64 bytes = page_bytes;
};

BothAddresses both_of(const trace::RecordedEvent& event) {
  if (const auto fill = event.as<trace::TlbFill>()) return {fill->gpa, fill->hpa, page_bytes_of(fill->page_level)};
  if (const auto shadow = event.as<trace::ShadowFill>()) return {shadow->gpa, shadow->hpa, page_bytes};
  if (const auto write = event.as<trace::TableWrite>()) return {write->gpa, write->hpa, 1};
  if (const auto reference = event.as<trace::WalkReference>()) return {reference->entry_gpa, reference->entry_hpa, 1};
  if (const auto end = event.as<trace::WalkEnd>();
      end && end->outcome == static_cast<u8>(trace::WalkOutcome::translated))
    return {end->gpa, end->hpa, 1};
  return {};
}

// What `address` is on the other side, where the event tells it.
std::optional<u64> other_address(const BothAddresses& both, SubjectKind kind, u64 address) {
  if (both.gpa == unknown || both.hpa == unknown) return std::nullopt;
  const bool from_guest = kind == SubjectKind::guest_physical;
  const u64 here = (from_guest ? both.gpa : both.hpa) & ~(page_bytes - 1);
  const u64 there = (from_guest ? both.hpa : both.gpa) & ~(page_bytes - 1);
  const u64 bytes = both.bytes < page_bytes ? page_bytes : both.bytes;
  return address >= here && address - here < bytes ? std::optional(there + (address - here)) : std::nullopt;
}

// Where an event says that a linear address lies.
std::optional<u64> host_of_linear(const trace::RecordedEvent& event, u64 gva) {
  if (!translates(event, gva)) return std::nullopt;
  if (const auto fill = event.as<trace::TlbFill>(); fill && fill->hpa != unknown) {
    const u64 bytes = page_bytes_of(fill->page_level);
    return (fill->hpa & ~(bytes - 1)) + gva % bytes;
  }
  if (const auto fill = event.as<trace::ShadowFill>(); fill && fill->hpa != unknown)
    return (fill->hpa & ~(page_bytes - 1)) + gva % page_bytes;
  // A walk tells one address: its 4-KByte page, since the host's pages may be smaller than the guest's.
  const auto end = event.as<trace::WalkEnd>();
  if (!end || end->hpa == unknown || end->gva / page_bytes != gva / page_bytes) return std::nullopt;
  return (end->hpa & ~(page_bytes - 1)) + gva % page_bytes;
}

}  // namespace

std::optional<u64> host_address_of(const trace::EventSource& source, const Subject& subject, u64 near,
                                   const StopSearch& stop) {
  if (subject.kind == SubjectKind::host_physical) return subject.value;
  if (subject.kind == SubjectKind::guest_physical) return place_of(source, subject, near, stop).hpa;
  if (subject.kind != SubjectKind::linear) return std::nullopt;
  std::optional<u64> found;
  const auto tells = [&](const trace::RecordedEvent& event) {
    found = host_of_linear(event, subject.value);
    return found.has_value();
  };
  if (!scan_back(source, {translation_kinds(source), 0, near}, stop, tells))
    scan_forward(source, {translation_kinds(source), near, ~0ULL}, stop, tells);
  return found;
}

MemoryPlace place_of(const trace::EventSource& source, const Subject& subject, u64 near, const StopSearch& stop) {
  const u64 room = page_bytes - subject.value % page_bytes;
  MemoryPlace place{.bytes = std::min(subject.bytes, room)};
  const trace::KindSet kinds =
      source.kinds<trace::TlbFill, trace::ShadowFill, trace::TableWrite, trace::WalkReference, trace::WalkEnd>();
  std::optional<u64> other;
  const auto tells_other = [&](const trace::RecordedEvent& event) {
    other = other_address(both_of(event), subject.kind, subject.value);
    return other.has_value();
  };
  if (!scan_back(source, {kinds, 0, near}, stop, tells_other))
    scan_forward(source, {kinds, near, ~0ULL}, stop, tells_other);
  const bool guest = subject.kind == SubjectKind::guest_physical;
  place.gpa = guest ? std::optional(subject.value) : other;
  place.hpa = guest ? other : std::optional(subject.value);
  return place;
}

trace::KindSet memory_change_kinds(const trace::EventSource& source) {
  return source
      .kinds<trace::TableWrite, trace::PageTableUpdate, trace::MemoryAccess, trace::Mmio, trace::HandlerAction>();
}

bool writes_to(const trace::RecordedEvent& event, const MemoryPlace& place) {
  const Written written = written_by(event);
  return overlap({written.gpa, written.count}, {place.gpa.value_or(unknown), place.bytes}) ||
         overlap({written.hpa, written.count}, {place.hpa.value_or(unknown), place.bytes});
}

trace::KindSet linear_write_kinds(const trace::EventSource& source) {
  return source.kinds<trace::MemoryAccess, trace::HandlerAction>();
}

bool writes_to_linear(const trace::RecordedEvent& event, const Subject& subject) {
  const Bytes wanted{subject.value, subject.bytes};
  if (const auto access = event.as<trace::MemoryAccess>())
    return is_write(access->access) && overlap({access->gva, access->size}, wanted);
  const auto action = event.as<trace::HandlerAction>();
  return action && action->action == static_cast<u8>(trace::HandlerChange::write_linear) &&
         overlap({action->target, action->value}, wanted);
}

trace::KindSet translation_kinds(const trace::EventSource& source) {
  return source.kinds<trace::TlbFill, trace::ShadowFill, trace::WalkEnd>();
}

bool translates(const trace::RecordedEvent& event, u64 gva) {
  const auto covers = [&](u64 page, u64 bytes) { return page != unknown && page / bytes == gva / bytes; };
  if (const auto fill = event.as<trace::TlbFill>()) return covers(fill->gva, page_bytes_of(fill->page_level));
  if (const auto fill = event.as<trace::ShadowFill>()) return covers(fill->gva, page_bytes);
  const auto end = event.as<trace::WalkEnd>();
  return end && end->outcome == static_cast<u8>(trace::WalkOutcome::translated) &&
         covers(end->gva, page_bytes_of(end->page_level));
}

}  // namespace trapline::views
