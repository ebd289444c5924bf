#include "cpu/flat_machine.h"

namespace trapline::test {

std::vector<RecordSink::Record> RecordSink::records() const {
  std::vector<Record> found;
  for (std::size_t at = 0; at < bytes_.size();) {
    Record record;
    std::memcpy(&record.header, bytes_.data() + at, sizeof record.header);
    record.fields = bytes_.data() + at + sizeof record.header;
    found.push_back(record);
    at += record.header.bytes;
  }
  return found;
}

FlatMachine::FlatMachine(trace::Level level, const cpu::Tuning& tuning, u64 bytes)
    : bus(level, sink), memory(bytes, bus), cpu(*this, memory, bus, tuning) {
  cpu.set_state(fresh_state());
}

void FlatMachine::write(u64 address, std::span<const u8> bytes) {
  memory.write_bytes(Hpa(address), std::as_bytes(bytes), trace::Writer::monitor);
}

arch::CpuState FlatMachine::fresh_state(unsigned cpl) {
  arch::CpuState state;
  state.efer = arch::efer::lme | arch::efer::lma | arch::efer::sce;
  state.cr0 = arch::cr0::pe | arch::cr0::pg | arch::cr0::et | arch::cr0::ne | arch::cr0::wp;
  state.cr4 = arch::cr4::pae;
  for (arch::Segment& segment : state.segments) segment = {static_cast<u16>(0x10 | cpl), 0xc093 | cpl << 5, ~0U, 0};
  state.segments[arch::cs] = {static_cast<u16>(0x8 | cpl), 0xa09b | cpl << 5, ~0U, 0};
  state.rip = code;
  state.gpr[arch::rsp] = stack;
  return state;
}

cpu::Translation FlatMachine::translate(Gva linear, arch::Access access, bool user) {
  ++translations[static_cast<int>(access)];
  const bool write = access == arch::Access::write;
  const u32 error = (write ? arch::pf_error::write : 0) | (user ? arch::pf_error::user : 0) |
                    (access == arch::Access::execute ? arch::pf_error::fetch : 0);
  const auto mapped = mapping_.find(linear.page_number());
  const u64 frame = mapped == mapping_.end() ? linear.page_number() : mapped->second;
  const Hpa hpa = Hpa::of_page(frame) + linear.page_offset();
  cpu::Translation answer;
  const bool read_only = read_only_.contains(linear.page_number());
  if (!memory.contains(hpa, 1) || frame == 0 || (write && read_only)) {
    answer.verdict = cpu::Verdict::fault;
    answer.fault = arch::page_fault(error | (read_only ? arch::pf_error::present : 0), linear.value);
    return answer;
  }
  answer.hpa = hpa;
  answer.gpa = Gpa(hpa.value);
  answer.host_page = memory.host_page(hpa);
  answer.cacheable = !bus.records(trace::Level::memory) && (!write || memory.marks(frame) == 0);
  return answer;
}

}  // namespace trapline::test
