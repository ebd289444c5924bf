// The same walker and the same judgement as the Mmu's, over entries that somebody else's processor uses.
#include "mmu/derived_walk.h"

#include <cassert>

namespace trapline::mmu {

namespace {

using trace::WalkOutcome;

class Reader : public EntryReader {
 public:
  Reader(GuestTables& tables, DerivedWalk& walk, trace::Bus* bus) : tables_(tables), walk_(walk), bus_(bus) {}

  bool read_entry(unsigned level, u64 address, u64& entry) override {
    const std::optional<u64> value = tables_.read_entry(Gpa(address));
    if (!value) return false;
    entry = *value;
    walk_.steps[walk_.references++] = {static_cast<u8>(level), Gpa(address), entry};
    if (!bus_) return true;
    trace::WalkReference event;
    event.dimension = static_cast<u8>(trace::Dimension::guest);
    event.level = event.for_level = static_cast<u8>(level);
    event.source = static_cast<u8>(trace::Source::memory);
    event.entry_gpa = address;
    event.entry_hpa = tables_.host_address(Gpa(address)).value;
    event.value = entry;
    bus_->emit(event);
    return true;
  }

 private:
  GuestTables& tables_;
  DerivedWalk& walk_;
  trace::Bus* bus_;
};

void judge(DerivedWalk& result, const TableWalk& walk, const PagingState& state, const DerivedAccess& access) {
  FaultReason reason = FaultReason::no_right;
  switch (walk.status) {
    case WalkStatus::broken_off:
      return;
    case WalkStatus::not_present:
      reason = FaultReason::not_present;
      break;
    case WalkStatus::malformed:
      reason = FaultReason::reserved_bit;
      break;
    case WalkStatus::page:
      result.page_level = walk.level;
      result.rights = PageRights::of(walk.last().gathered);
      if (permits(state, result.rights, access.access, access.privilege)) {
        result.outcome = WalkOutcome::translated;
        result.gpa = Gpa(walk.target);
        return;
      }
  }
  result.outcome = WalkOutcome::page_fault;
  result.fault =
      arch::page_fault(page_fault_error(state, reason, access.access, access.privilege), access.address.value);
}

DerivedWalk walk_with(trace::Bus* bus, GuestTables& tables, const PagingState& state, unsigned physical_bits,
                      const DerivedAccess& access) {
  DerivedWalk result;
  if (!state.paging()) {
    result.outcome = WalkOutcome::translated;
    result.gpa = Gpa(access.address.value);
    result.rights = {true, true, false};
  } else if (!is_canonical(access.address.value)) {
    result.outcome = WalkOutcome::not_canonical;
    result.fault = arch::fault(arch::vector::gp, 0);
  } else if (state.four_level()) {
    Reader reader(tables, result, bus);
    const TableFormat format = guest_format(physical_bits, state.no_execute());
    judge(result, walk_tables(format, {4, bits(state.cr3, 51, 12) << 12, {}}, access.address.value, reader), state,
          access);
  }
  if (result.gpa.known()) result.hpa = tables.host_address(result.gpa);
  return result;
}

}  // namespace

DerivedWalk derive_walk(GuestTables& tables, const PagingState& state, unsigned physical_bits, DerivedAccess access) {
  return walk_with(nullptr, tables, state, physical_bits, access);
}

DerivedWalk trace_walk(trace::Bus& bus, GuestTables& tables, const PagingState& state, unsigned physical_bits,
                       DerivedAccess access) {
  if (!state.paging()) return derive_walk(tables, state, physical_bits, access);
  const trace::Stamp before = bus.stamp();
  bus.stamp().cause = bus.new_cause();
  bus.stamp().provenance = trace::Provenance::derived;

  trace::WalkBegin begin;
  begin.gva = access.address.value;
  begin.gpa = unknown_address;
  begin.access = static_cast<u8>(access.access);
  begin.user = access.privilege == Privilege::user;
  begin.root = state.cr3;
  begin.parent = before.cause;
  bus.emit(begin);
  DerivedWalk result = walk_with(&bus, tables, state, physical_bits, access);
  result.walk = bus.stamp().cause;

  trace::WalkEnd end;
  end.outcome = static_cast<u8>(result.outcome);
  end.page_level = result.page_level;
  end.references = result.references;
  end.gva = access.address.value;
  end.gpa = result.gpa.value;
  end.hpa = result.hpa.value;
  end.error_code = result.fault.error_code;
  bus.emit(end);
  bus.stamp() = before;
  return result;
}

// By what stands there now, since a table may lead to itself.
void set_accessed_and_dirty(memory::GuestMemory& memory, const DerivedWalk& walk, arch::Access access) {
  assert(walk.outcome == WalkOutcome::translated);
  for (const DerivedWalk::Step& step : walk.path()) {
    const u64 entry = *memory.load<u64>(step.place);
    u64 wanted = entry | arch::pte::accessed;
    if (step.level == walk.page_level && access == arch::Access::write) wanted |= arch::pte::dirty;
    if (wanted != entry) memory.store(step.place, wanted);
  }
}

}  // namespace trapline::mmu
