#include "technique/full/emulator.h"

#include <algorithm>

namespace trapline::technique::full {

namespace {

// Small caches: nothing here lives longer than an instruction.
cpu::Tuning emulator_tuning() {
  cpu::Tuning tuning;
  tuning.block_length = 1;
  tuning.jump_cache_bits = 2;
  tuning.fast_page_bits = 1;
  tuning.blocks = 64;
  tuning.keeps_stamp = false;
  return tuning;
}

// Features that this monitor does not virtualize, and so does not offer: CPUID bits, and the bits of CR4 with them.
constexpr u32 no_pcid = 1u << 17, no_invpcid = 1u << 10, no_smap = 1u << 20, no_umip = 1u << 2;
constexpr u64 cr4_not_offered = arch::cr4::pcide | arch::cr4::smap | arch::cr4::umip | arch::cr4::vmxe |
                                arch::cr4::la57 | arch::cr4::pke | arch::cr4::smxe;
// REP instructions come back for more; one that would go on for longer than this is let go on at the next step.
constexpr u64 work_of_one_step = 1 << 20;

}  // namespace

Emulator::Emulator(memory::GuestMemory& memory, metal::Vcpu& vcpu, metal::Deprivileged& door,
                   devices::Platform& platform, trace::Bus& bus, GuestWatcher& watcher)
    : memory_(memory),
      vcpu_(vcpu),
      door_(door),
      platform_(platform),
      bus_(bus),
      watcher_(watcher),
      code_(2 * page_bytes, bus),
      cpu_(*this, code_, bus, emulator_tuning()),
      physical_bits_(metal::physical_bits_of(door)) {}

// ---- one instruction, one delivery ---------------------------------------------------------------------------------
void Emulator::begin(const arch::CpuState& state) {
  result_ = {};
  counted_ = in_user_half_ = false;
  cpu_.set_state(state);
}

Emulator::Result Emulator::end(arch::CpuState& state) {
  state = cpu_.state();
  return result_;
}

Emulator::Result Emulator::step(arch::CpuState& state) {
  begin(state);
  delivering_ = false;
  const u64 before = cpu_.retired();
  const cpu::Stop stop = cpu_.run(before + 1, cpu_.work() + work_of_one_step);
  const bool passed = cpu_.retired() > before;
  if (passed && !counted_) door_.retire_emulated();
  if (stop == cpu::Stop::not_implemented) result_.outcome = Outcome::not_implemented;
  if (stop == cpu::Stop::halted || cpu_.system.activity == arch::Activity::halted) result_.outcome = Outcome::halted;
  return end(state);
}

Emulator::Result Emulator::delivered(cpu::Raised raised, arch::CpuState& state) {
  if (raised != cpu::Raised::delivered) result_.outcome = Outcome::shutdown;
  return end(state);
}

Emulator::Result Emulator::reflect(arch::CpuState& state, const arch::Fault& fault) {
  begin(state);
  delivering_ = true;
  return delivered(cpu_.raise(fault), state);
}

Emulator::Result Emulator::interrupt(arch::CpuState& state, u8 vector) {
  begin(state);
  delivering_ = true;
  cpu_.system.activity = arch::Activity::active;
  return delivered(cpu_.raise_event({vector, arch::EventType::external_interrupt, false, 0, 0}), state);
}

Emulator::Fetched Emulator::fetch(const arch::CpuState& state, Gva address) {
  mmu::GuestMemoryTables tables(memory_);
  const mmu::DerivedAccess access{address, arch::Access::execute, mmu::privilege_of(state)};
  Fetched fetched{{}, mmu::trace_walk(bus_, tables, mmu::paging_state_of(state), physical_bits_, access)};
  if (fetched.walk.outcome != trace::WalkOutcome::translated) return fetched;
  mmu::set_accessed_and_dirty(memory_, fetched.walk, arch::Access::execute);
  std::vector<u8> bytes(page_bytes - address.page_offset());
  if (memory_.read(fetched.walk.gpa, std::as_writable_bytes(std::span(bytes)))) fetched.bytes = std::move(bytes);
  return fetched;
}

// ---- memory --------------------------------------------------------------------------------------------------------
std::byte* Emulator::fetched_page(Gva linear, Hpa page, Hpa& place) {
  place = Hpa((linear.page_number() & 1) * page_bytes);
  code_.write_bytes(place, {memory_.host().host_page(page), page_bytes}, trace::Writer::monitor);
  return code_.host_page(place);
}

cpu::Translation Emulator::translate(Gva linear, arch::Access access, bool user) {
  const auto privilege = user              ? mmu::Privilege::user
                         : cpu_.cpl() == 3 ? mmu::Privilege::implicit_supervisor
                                           : mmu::Privilege::supervisor;
  arch::CpuState state = cpu_.system;
  state.rflags = cpu_.rflags();
  const auto paging = mmu::paging_state_of(state);
  mmu::GuestMemoryTables tables(memory_);
  const auto walk = mmu::trace_walk(bus_, tables, paging, physical_bits_, {linear, access, privilege});
  cpu::Translation answer;
  if (walk.outcome == trace::WalkOutcome::unknown) {
    result_.outcome = Outcome::not_implemented;
    answer.verdict = cpu::Verdict::exit;
    return answer;
  }
  if (walk.outcome != trace::WalkOutcome::translated) {
    answer.verdict = cpu::Verdict::fault;
    answer.fault = walk.fault;
    return answer;
  }
  mmu::set_accessed_and_dirty(memory_, walk, access);
  answer.gpa = walk.gpa;
  const auto host = memory_.host_address(walk.gpa);
  if (!host) return answer;
  answer.hpa = *host;
  answer.host_page = memory_.host().host_page(*host);
  if (access == arch::Access::execute) {
    answer.host_page = fetched_page(linear, host->page(), answer.hpa);
    answer.hpa = answer.hpa + linear.page_offset();
  }
  return answer;
}

// Nothing lies outside memory: guest-kernels/MACHINE.md, "Memory".
u64 Emulator::read_mmio(Gpa address, unsigned size) {
  const u64 value = low_bytes_mask(size);
  bus_.emit(
      trace::Mmio{address.value, static_cast<u8>(size), static_cast<u8>(trace::AccessKind::read), value, cpu_.rip()});
  return value;
}

void Emulator::write_mmio(Gpa address, unsigned size, u64 value) {
  bus_.emit(
      trace::Mmio{address.value, static_cast<u8>(size), static_cast<u8>(trace::AccessKind::write), value, cpu_.rip()});
}

void Emulator::write_watched(Hpa address, unsigned size, u64 value) {
  const u64 old_value = memory_.host().read(address, size);
  memory_.host().write(address, size, value, trace::Writer::guest);
  const Gpa page = memory_.guest_page_of_frame(address.page_number());
  watcher_.memory_written(page + address.page_offset(), size, old_value);
}

// ---- what changes the guest's paging -------------------------------------------------------------------------------
void Emulator::control_register_written(unsigned number, u64) {
  if (number == 0 || number == 3 || number == 4) watcher_.tables_changed();
}

bool Emulator::control_register_allowed(unsigned number, u64& value) {
  return number != 4 || (value & cr4_not_offered) == 0;
}

void Emulator::efer_written(u64) { watcher_.tables_changed(); }

void Emulator::invlpg(Gva linear) { watcher_.page_invalidated(linear.page()); }

void Emulator::invpcid(u64, u64, Gva) { watcher_.tables_changed(); }

// ---- what leaves the instruction -----------------------------------------------------------------------------------
// Nothing is intercepted. But a device hears of OUT, OUTS and INS when the instruction is over, as it does under
// `hardware`, where the monitor has moved RIP by then: time stands one instruction further.
cpu::Verdict Emulator::attempt(const cpu::Attempt& attempt) {
  const bool early = attempt.what == cpu::Sensitive::out || attempt.what == cpu::Sensitive::outs ||
                     attempt.what == cpu::Sensitive::ins;
  if (!early || counted_ || !will_finish(attempt)) return cpu::Verdict::proceed;
  counted_ = true;
  door_.retire_emulated();
  return cpu::Verdict::proceed;
}

// Whether everything that a string instruction is still going to read or write may be.
bool Emulator::will_finish(const cpu::Attempt& attempt) {
  if (attempt.what == cpu::Sensitive::out) return true;
  const auto access = attempt.what == cpu::Sensitive::ins ? arch::Access::write : arch::Access::read;
  const u64 count = attempt.repeated ? cpu_.gpr(arch::rcx) : 1;
  constexpr u64 most = 1 << 16;  // longer ones are let go on at another step
  if (count == 0 || count > most) return false;
  const u64 bytes = count * attempt.size;
  const u64 first = cpu_.rflags() & arch::flag::df ? attempt.linear + attempt.size - bytes : attempt.linear;
  arch::CpuState state = cpu_.system;
  state.rflags = cpu_.rflags();
  mmu::GuestMemoryTables tables(memory_);
  for (u64 page = first & ~(page_bytes - 1); page - first < bytes || page <= first; page += page_bytes) {
    const auto walk = mmu::derive_walk(tables, mmu::paging_state_of(state), physical_bits_,
                                       {Gva(page), access, mmu::privilege_of(state)});
    if (walk.outcome != trace::WalkOutcome::translated) return false;
  }
  return true;
}

bool Emulator::exception_exits(const arch::Fault& fault, const arch::Delivery& delivery) {
  if (delivering_ || delivery.type != arch::EventType::hardware_exception) return false;
  result_.outcome = Outcome::fault;
  result_.fault = fault;
  return true;
}

bool Emulator::triple_fault_exits() {
  result_.outcome = Outcome::shutdown;
  return true;
}

// Devices live in the monitor's user half, under every technique. An instruction goes there once, however many units it
// moves.
void Emulator::reach_device(u16 port) {
  platform_.advance(vcpu_.now());  // so that devices see the access at its own moment
  if (in_user_half_) return;
  in_user_half_ = true;
  door_.charge(spec::Cost::user_half);
  bus_.emit(trace::UserExit{static_cast<u8>(trace::UserExitReason::port_io), cpu_.rip(), port, trace::unknown_number});
}

u64 Emulator::read_port(u16 port, unsigned size) {
  reach_device(port);
  return platform_.read(port, size, cpu_.rip());
}

void Emulator::write_port(u16 port, unsigned size, u64 value) {
  reach_device(port);
  platform_.write(port, size, value, cpu_.rip());
}

void Emulator::cpuid(u32 leaf, u32 subleaf, u32 (&registers)[4]) {
  door_.cpuid(leaf, subleaf, cpu_.system.cr4, registers);
  if (leaf == 1) registers[2] &= ~no_pcid;
  if (leaf == 7 && subleaf == 0) registers[1] &= ~(no_invpcid | no_smap), registers[2] &= ~no_umip;
}

cpu::Verdict Emulator::vmx_instruction(const cpu::Attempt&, arch::Fault& fault) {
  fault = arch::fault(arch::vector::ud);
  return cpu::Verdict::fault;
}

}  // namespace trapline::technique::full
