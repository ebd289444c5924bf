#include "cpu/system_machine.h"

#include <cstring>

namespace trapline::test {

SystemMachine::SystemMachine(const World& from, const cpu::Tuning& tuning)
    : bus(trace::Level::exits, sink), memory(world_bytes, bus), cpu(*this, memory, bus, tuning), world(from) {
  memory.write_bytes(Hpa(0), std::as_bytes(std::span(world.memory)), trace::Writer::monitor);
  cpu.set_state(world.state);
}

Outcome SystemMachine::run(u64 work_limit) {
  using End = Outcome::End;
  switch (cpu.run(~0ULL, cpu.work() + work_limit)) {
    case cpu::Stop::halted:
      return outcome_of_halt(world, after());
    case cpu::Stop::shutdown:
      return {End::shutdown, 0, 0, {}};
    case cpu::Stop::not_implemented:
      return {End::not_implemented, 0, 0, {}};
    case cpu::Stop::vm_exit:
      return {End::vm_exit, 0, 0, {}};
    default:
      return {End::skipped, 0, 0, "did not halt"};
  }
}

World SystemMachine::after() const {
  World now = world;
  std::memcpy(now.memory.data(), memory.host_page(Hpa(0)), world_bytes);
  now.state = cpu.state();
  return now;
}

cpu::Translation SystemMachine::translate(Gva linear, arch::Access access, bool user) {
  cpu::Translation answer;
  if (translation_exits && translation_exits(linear, access)) {
    note_delivery();
    answer.verdict = cpu::Verdict::exit;
    return answer;
  }
  const bool write = access == arch::Access::write;
  const u8 rights = linear.value < world_bytes ? world.page(linear.value) : u8{PageRight::absent};
  const bool allowed = rights != PageRight::absent && (!user || (rights & PageRight::user)) &&
                       (!write || !(rights & PageRight::read_only));
  if (!allowed) {
    const u32 error =
        (rights ? 1U : 0) | (write ? 2U : 0) | (user ? 4U : 0) | (access == arch::Access::execute ? 16U : 0);
    answer.verdict = cpu::Verdict::fault;
    answer.fault = arch::page_fault(error, linear.value);
    return answer;
  }
  answer.hpa = Hpa(linear.value);
  answer.gpa = Gpa(linear.value);
  answer.host_page = memory.host_page(answer.hpa);
  answer.cacheable = !translation_exits && (!write || memory.marks(linear.page_number()) == 0);
  return answer;
}

void SystemMachine::control_register_written(unsigned number, u64) {
  written_control.push_back(number);
  cpu.invalidate_all();
}

void SystemMachine::invlpg(Gva linear) {
  invalidations.emplace_back(~0ULL, linear.value);
  cpu.invalidate_page(linear);
}

void SystemMachine::invpcid(u64 type, u64 pcid, Gva) {
  invalidations.emplace_back(type, pcid);
  cpu.invalidate_all();
}

void SystemMachine::note_delivery() {
  const arch::Delivery* const delivery = cpu.delivery_in_progress();
  if (delivery)
    delivering_at_exit = *delivery;
  else
    delivering_at_exit.reset();
}

cpu::Verdict SystemMachine::attempt(const cpu::Attempt& attempt) {
  attempts.push_back(attempt);
  return intercepts && intercepts(attempt) ? cpu::Verdict::exit : cpu::Verdict::proceed;
}

bool SystemMachine::exception_exits(const arch::Fault& fault, const arch::Delivery& delivery) {
  exceptions.push_back(fault);
  if (!exception_intercepts || !exception_intercepts(fault, delivery)) return false;
  note_delivery();
  return true;
}

u64 SystemMachine::read_port(u16 port, unsigned size) {
  return (0x0102030405060708 * ++port_reads_ + port) >> (64 - 8 * size);
}

void SystemMachine::write_port(u16 port, unsigned, u64 value) { written_ports.emplace_back(port, value); }

bool SystemMachine::read_msr(u32 index, u64& value) {
  value = 0x55aa;
  return index == 0x17;
}

bool SystemMachine::write_msr(u32 index, u64) { return index == 0x17; }

void SystemMachine::cpuid(u32 leaf, u32, u32 (&registers)[4]) {
  std::memset(registers, 0, sizeof registers);
  if (leaf == missing_feature_leaf) return;
  if (leaf == 0) registers[0] = 7;
  if (leaf == 1) registers[2] = 1U << 5 | 1U << 17 | 1U << 3;  // VMX, PCID, MONITOR
  if (leaf == 7) {
    registers[1] = 1U << 0 | 1U << 7 | 1U << 10 | 1U << 20;  // FSGSBASE, SMEP, INVPCID, SMAP
    registers[2] = 1U << 2;                                  // UMIP
  }
  if (leaf == 0x80000008) registers[0] = 40;
}

cpu::Verdict SystemMachine::vmx_instruction(const cpu::Attempt&, arch::Fault& fault) {
  fault = arch::fault(arch::vector::ud);
  return cpu::Verdict::fault;
}

}  // namespace trapline::test
