// The same walker and the same judgement as the Mmu's, over entries that somebody else's processor uses.
#include "mmu/derived_walk.h"

namespace trapline::mmu {

namespace {

using trace::WalkOutcome;

class Reader : public EntryReader {
 public:
  Reader(GuestTables& tables, trace::Bus* bus) : tables_(tables), bus_(bus) {}

  bool read_entry(unsigned level, u64 address, u64& entry) override {
    const std::optional<u64> value = tables_.read_entry(Gpa(address));
    if (!value) return false;
    entry = *value;
    ++references;
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

  u16 references = 0;

 private:
  GuestTables& tables_;
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

DerivedWalk walk_with(Reader& reader, GuestTables& tables, const PagingState& state, unsigned physical_bits,
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
    const TableFormat format = guest_format(physical_bits, state.no_execute());
    judge(result, walk_tables(format, {4, bits(state.cr3, 51, 12) << 12, {}}, access.address.value, reader), state,
          access);
  }
  result.references = reader.references;
  if (result.gpa.known()) result.hpa = tables.host_address(result.gpa);
  return result;
}

}  // namespace

DerivedWalk derive_walk(GuestTables& tables, const PagingState& state, unsigned physical_bits, DerivedAccess access) {
  Reader reader(tables, nullptr);
  return walk_with(reader, tables, state, physical_bits, access);
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
  Reader reader(tables, &bus);
  DerivedWalk result = walk_with(reader, tables, state, physical_bits, access);
  result.walk = bus.stamp().cause;

  trace::WalkEnd end;
  end.outcome = static_cast<u8>(result.outcome);
  end.page_level = result.page_level;
  end.references = reader.references;
  end.gva = access.address.value;
  end.gpa = result.gpa.value;
  end.hpa = result.hpa.value;
  end.error_code = result.fault.error_code;
  bus.emit(end);
  bus.stamp() = before;
  return result;
}

void set_accessed_and_dirty(memory::GuestMemory& memory, const PagingState& state, Gva address, unsigned page_level,
                            arch::Access access) {
  if (!state.paging()) return;
  u64 table = state.cr3 & arch::pte::address;
  for (unsigned level = 4; level >= page_level; --level) {
    const Gpa place(table + 8 * table_index(address.value, level));
    const auto entry = memory.load<u64>(place);
    if (!entry) return;
    u64 wanted = *entry | arch::pte::accessed;
    if (level == page_level && access == arch::Access::write) wanted |= arch::pte::dirty;
    if (wanted != *entry) memory.store(place, wanted);
    table = *entry & arch::pte::address;
  }
}

}  // namespace trapline::mmu
