// The order at an exit: gap, user_exit, then for each walk what changed in its tables, then the walk.
#include "kvm/observer.h"

#include <algorithm>

namespace trapline::kvm {
namespace {

constexpr u64 accessed_and_dirty = arch::pte::accessed | arch::pte::dirty;

// KVM hands over the units of OUTS with RSI moved past them already; the walk is wanted where they were read.
arch::CpuState before_string_write(const arch::CpuState& state, const metal::IoAccess& io) {
  arch::CpuState before = state;
  const u64 moved = static_cast<u64>(io.size) * io.count;
  before.gpr[arch::rsi] += state.rflags & arch::flag::df ? moved : -moved;
  return before;
}

bool is_string_write(const metal::VmExit& exit, const isa::Instruction& instruction) {
  return exit.reason == trace::UserExitReason::port_io && exit.io.write && instruction.memory_count != 0;
}

bool has_access(const metal::VmExit& exit) {
  return exit.reason == trace::UserExitReason::port_io || exit.reason == trace::UserExitReason::mmio;
}

}  // namespace

void Observer::note_gap() {
  trace::Gap gap;
  gap.reason = static_cast<u8>(trace::GapReason::kernel_half_unseen);
  bus_.emit(gap);
  gap.reason = static_cast<u8>(trace::GapReason::instructions_unseen);
  bus_.emit(gap);
}

Hpa Observer::host_address(Gpa address) {
  const auto place = memory_.host_address(address);
  if (!place) return Hpa::unknown();
  return pagemap_.frame_of(memory_.host().host_page(*place) + place->page_offset());
}

std::optional<Located> Observer::locate(const metal::VmExit& exit, const arch::CpuState& state) const {
  if (!has_access(exit)) return std::nullopt;
  return locate_access(exit, GuestView(memory_, state, physical_bits_), plain_out_);
}

void Observer::record_walks(const metal::VmExit& exit, const arch::CpuState& state,
                            const std::optional<Located>& located) {
  if (!bus_.records(trace::Level::mmu) || !(state.cr0 & arch::cr0::pg)) return;
  record_walk(state, state.rip, arch::Access::execute);
  if (located) {
    if (located->rip != state.rip) record_walk(state, located->rip, arch::Access::execute);
    const bool string_write = is_string_write(exit, located->instruction);
    record_operands(string_write ? before_string_write(state, exit.io) : state, *located, exit.io.count);
  } else if (!has_access(exit)) {
    const GuestView guest(memory_, state, physical_bits_);
    if (const auto next = instruction_at(guest, state.rip)) record_operands(state, {state.rip, *next}, 1);
  }
}

std::size_t Observer::fetch(const arch::CpuState& state, std::span<u8> into) const {
  return GuestView(memory_, state, physical_bits_).fetch(state.rip, into);
}

// One walk for each page that an operand touches.
void Observer::record_operands(const arch::CpuState& state, const Located& located, u64 units) {
  const isa::Instruction& instruction = located.instruction;
  for (unsigned number = 0; number < instruction.memory_count; ++number) {
    const isa::MemoryOperand& operand = instruction.memory[number];
    if (!operand.read && !operand.written) continue;
    const u64 bytes = std::max<u64>(1, operand.size * units);
    const u64 named = isa::linear_address(operand, state, located.rip + instruction.length, instruction.address_size);
    const bool downwards = units > 1 && state.rflags & arch::flag::df;
    const u64 first = downwards ? named - (bytes - operand.size) : named;
    const auto access = operand.written ? arch::Access::write : arch::Access::read;
    const u64 pages = ((first & (page_bytes - 1)) + bytes - 1) / page_bytes + 1;
    record_walk(state, first, access);
    for (u64 page = 1; page < pages; ++page)
      record_walk(state, (first & ~(page_bytes - 1)) + page * page_bytes, access);
  }
}

void Observer::record_walk(const arch::CpuState& state, u64 linear, arch::Access access) {
  const mmu::PagingState paging = mmu::paging_state_of(state);
  const mmu::DerivedAccess wanted{Gva(linear), access, mmu::privilege_of(state)};
  mmu::derive_walk(*this, paging, physical_bits_, wanted);  // looks at every table on the way
  mmu::trace_walk(bus_, *this, paging, physical_bits_, wanted);
}

std::optional<u64> Observer::read_entry(Gpa address) {
  const auto entry = memory_.load<u64>(address);
  if (entry) look_at_table(address.page());
  return entry;
}

void Observer::look_at_table(Gpa page) {
  const auto place = memory_.host_address(page);
  Page present;
  memory_.host().read_bytes(*place, std::as_writable_bytes(std::span(present)));
  const auto [known, fresh] = tables_.try_emplace(page.page_number(), present);
  if (fresh) {
    memory_.host().add_mark(place->page_number(), memory::mark::guest_table);
    return;
  }
  if (known->second == present) return;
  for (std::size_t index = 0; index < present.size(); ++index)
    if (known->second[index] != present[index]) record_change(page + index * 8, known->second[index], present[index]);
  known->second = present;
}

void Observer::record_change(Gpa entry, u64 before, u64 after) {
  const bool by_processor = ((before ^ after) & ~accessed_and_dirty) == 0;
  trace::TableWrite event;
  event.dimension = static_cast<u8>(trace::Dimension::guest);
  event.writer = static_cast<u8>(by_processor ? trace::Writer::walker : trace::Writer::guest);
  event.size = 8;
  event.gpa = entry.value;
  event.hpa = host_address(entry).value;
  event.old_value = before;
  event.value = after;
  trace::Stamp stamp = bus_.stamp();
  stamp.provenance = trace::Provenance::derived;
  bus_.emit(event, stamp);
}

}  // namespace trapline::kvm
