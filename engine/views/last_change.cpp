// Most subjects are a set of kinds and a predicate over one event; a slot of the TLB and a linear address also depend
// on other events, and have a function each.
#include "views/last_change.h"

#include "spec/vectors.h"
#include "views/change_of_memory.h"
#include "views/scan.h"
#include "views/tlb.h"
#include "views/vmcs.h"

namespace trapline::views {

namespace {

enum class Direction : u8 { back, forward };

struct Search {
  const trace::EventSource& source;
  Direction direction;
  u64 from;  // not part of it
  const StopSearch& stop;

  ScanRange range(const trace::KindSet& kinds) const {
    if (direction == Direction::back) return {kinds, 0, from};
    return {kinds, from == ~0ULL ? from : from + 1, ~0ULL};
  }
  template <typename Matches>
  std::optional<u64> nearest(const trace::KindSet& kinds, Matches matches) const {
    return direction == Direction::back ? scan_back(source, range(kinds), stop, matches)
                                        : scan_forward(source, range(kinds), stop, matches);
  }
};

// ---- registers ---------------------------------------------------------------------------------------------------
std::optional<u64> field_change(const Search& search, u64 field) {
  trace::KindSet kinds = search.source.kinds<trace::VmcsWrite>();
  if (std::find(std::begin(exit_reported), std::end(exit_reported), field) != std::end(exit_reported))
    kinds |= search.source.kinds<trace::VmExit>();
  return search.nearest(kinds, [&](const trace::RecordedEvent& event) {
    const auto write = event.as<trace::VmcsWrite>();
    return !write || write->field == field;
  });
}

std::optional<u64> control_register_change(const Search& search, u64 number) {
  trace::KindSet kinds = search.source.kinds<trace::CrAccess>();
  constexpr u64 of_page_faults = 2;
  if (number == of_page_faults) kinds |= search.source.kinds<trace::Exception, trace::FaultReflected>();
  constexpr u8 page_fault = static_cast<u8>(spec::Vector::PF);
  return search.nearest(kinds, [&](const trace::RecordedEvent& event) {
    if (const auto access = event.as<trace::CrAccess>()) return access->cr == number;
    if (const auto exception = event.as<trace::Exception>()) return exception->vector == page_fault;
    const auto reflected = event.as<trace::FaultReflected>();
    return reflected && reflected->vector == page_fault;
  });
}

std::optional<u64> msr_change(const Search& search, u64 index) {
  return search.nearest(search.source.kinds<trace::Msr>(), [&](const trace::RecordedEvent& event) {
    const auto msr = event.as<trace::Msr>();
    return msr && msr->index == index && msr->access == static_cast<u8>(trace::AccessKind::write);
  });
}

// ---- TLB -----------------------------------------------------------------------------------------------------------
bool in_slot(const trace::RecordedEvent& event, u64 slot) {
  const u64 set = slot >> 16, way = slot & 0xffff;
  if (const auto fill = event.as<trace::TlbFill>()) return fill->set == set && fill->way == way;
  const auto evict = event.as<trace::TlbEvict>();
  return evict && evict->set == set && evict->way == way;
}

// The first flush from `first` to `end` that drops what the event at `at` filled; nothing where that is no fill.
std::optional<u64> flush_of(const Search& search, u64 at, u64 first, u64 end) {
  const auto event = search.source.at(at);
  const auto fill = event ? event->as<trace::TlbFill>() : std::nullopt;
  if (!fill) return std::nullopt;
  return scan_forward(search.source, {search.source.kinds<trace::TlbFlush>(), first, end}, search.stop,
                      [&](const trace::RecordedEvent& flush) {
                        const auto flushed = flush.as<trace::TlbFlush>();
                        return flushed && drops(*flushed, *fill);
                      });
}

std::optional<u64> slot_change(const Search& search, u64 slot) {
  const trace::KindSet kinds = search.source.kinds<trace::TlbFill, trace::TlbEvict>();
  const auto of_slot = [&](const trace::RecordedEvent& event) { return in_slot(event, slot); };
  const u64 here = search.direction == Direction::back || search.from == ~0ULL ? search.from : search.from + 1;
  const auto last = scan_back(search.source, {kinds, 0, here}, search.stop, of_slot);
  if (search.direction == Direction::back) {
    const auto flush = last ? flush_of(search, *last, *last + 1, here) : std::nullopt;
    return flush ? flush : last;
  }
  const auto next = search.nearest(kinds, of_slot);
  // What the slot holds by now may have been dropped before; then no later flush concerns it.
  if (!last || flush_of(search, *last, *last + 1, here)) return next;
  const auto flush = flush_of(search, *last, here, next.value_or(~0ULL));
  return flush ? flush : next;
}

// ---- virtqueues ----------------------------------------------------------------------------------------------------
trace::KindSet queue_kinds(const trace::EventSource& source) {
  return source
      .kinds<trace::VirtioDescriptor, trace::VirtioAvailPublish, trace::VirtioNotify, trace::VirtioNotifySuppressed,
             trace::VirtioPop, trace::VirtioUsedPublish, trace::VirtioInterruptSuppressed, trace::VirtioRuleBroken>();
}

std::optional<u64> queue_change(const Search& search, u64 queue) {
  return search.nearest(queue_kinds(search.source),
                        [&](const trace::RecordedEvent& event) { return event.field("queue") == queue; });
}

std::optional<u64> descriptor_change(const Search& search, u64 descriptor) {
  const trace::KindSet kinds =
      search.source
          .kinds<trace::VirtioDescriptor, trace::VirtioAvailPublish, trace::VirtioPop, trace::VirtioUsedPublish>();
  return search.nearest(kinds, [&](const trace::RecordedEvent& event) {
    const std::string_view which = event.is<trace::VirtioDescriptor>() ? "index" : "head";
    return event.field("queue") == descriptor >> 16 && event.field(which) == (descriptor & 0xffff);
  });
}

// ---- memory --------------------------------------------------------------------------------------------------------
std::optional<u64> memory_change(const Search& search, const Subject& subject) {
  const MemoryPlace place = place_of(search.source, subject, search.from, search.stop);
  return search.nearest(memory_change_kinds(search.source),
                        [&](const trace::RecordedEvent& event) { return writes_to(event, place); });
}

std::optional<u64> linear_change(const Search& search, const Subject& subject) {
  const auto write = search.nearest(linear_write_kinds(search.source), [&](const trace::RecordedEvent& event) {
    return writes_to_linear(event, subject);
  });
  if (write || (search.stop && search.stop())) return write;
  return search.nearest(translation_kinds(search.source),
                        [&](const trace::RecordedEvent& event) { return translates(event, subject.value); });
}

std::optional<u64> change(const Search& search, const Subject& subject) {
  switch (subject.kind) {
    case SubjectKind::none:
      return std::nullopt;
    case SubjectKind::linear:
      return linear_change(search, subject);
    case SubjectKind::guest_physical:
    case SubjectKind::host_physical:
      return memory_change(search, subject);
    case SubjectKind::vmcs_field:
      return field_change(search, subject.value);
    case SubjectKind::control_register:
      return control_register_change(search, subject.value);
    case SubjectKind::msr:
      return msr_change(search, subject.value);
    case SubjectKind::tlb_slot:
      return slot_change(search, subject.value);
    case SubjectKind::virtqueue:
      return queue_change(search, subject.value);
    case SubjectKind::descriptor:
      return descriptor_change(search, subject.value);
  }
  return std::nullopt;
}

}  // namespace

std::optional<u64> last_change(const trace::EventSource& source, const Subject& subject, u64 before,
                               const StopSearch& stop) {
  return change({source, Direction::back, before, stop}, subject);
}

std::optional<u64> next_change(const trace::EventSource& source, const Subject& subject, u64 after,
                               const StopSearch& stop) {
  return change({source, Direction::forward, after, stop}, subject);
}

}  // namespace trapline::views
