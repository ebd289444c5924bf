// A World on this engine: pins whose page walk is the World's own table of rights, which record what they are asked.
#pragma once

#include <functional>
#include <optional>

#include "cpu/flat_machine.h"
#include "cpu/system_world.h"

namespace trapline::test {

class SystemMachine : public cpu::Ports {
 public:
  explicit SystemMachine(const World& world, const cpu::Tuning& tuning = {});

  // Runs until something ends it; halting in a handler or behind the code is read as World describes.
  Outcome run(u64 work_limit = 200);
  u64 port_reads() const { return port_reads_; }
  World after() const;  // memory and state as they are now

  cpu::Translation translate(Gva linear, arch::Access access, bool user) override;
  u64 read_mmio(Gpa, unsigned) override { return ~0ULL; }
  void write_mmio(Gpa, unsigned, u64) override {}
  void write_watched(Hpa address, unsigned size, u64 value) override {
    memory.write(address, size, value, trace::Writer::guest);
  }
  void control_register_written(unsigned number, u64 old_value) override;
  void cr3_written_without_flush(u64) override { ++kept_cr3; }
  void invlpg(Gva linear) override;
  void invpcid(u64 type, u64 pcid, Gva linear) override;
  cpu::Verdict attempt(const cpu::Attempt& attempt) override;
  bool exception_exits(const arch::Fault& fault, const arch::Delivery& delivery) override;
  bool triple_fault_exits() override { return exit_on_triple_fault; }
  u64 read_port(u16 port, unsigned size) override;
  void write_port(u16 port, unsigned size, u64 value) override;
  u64 time_stamp_counter() override { return 0x1234567890abcdef; }
  bool read_msr(u32 index, u64& value) override;
  bool write_msr(u32 index, u64 value) override;
  void cpuid(u32 leaf, u32 subleaf, u32 (&registers)[4]) override;
  cpu::Verdict vmx_instruction(const cpu::Attempt& attempt, arch::Fault& fault) override;

  // What the monitor wants to see, and what it was shown.
  std::function<bool(const cpu::Attempt&)> intercepts;
  std::function<bool(const arch::Fault&, const arch::Delivery&)> exception_intercepts;
  std::function<bool(Gva, arch::Access)> translation_exits;
  bool exit_on_triple_fault = false;
  std::vector<cpu::Attempt> attempts;
  std::vector<arch::Fault> exceptions;
  std::optional<arch::Delivery> delivering_at_exit;
  std::vector<u64> written_control;  // numbers, in order
  std::vector<std::pair<u64, u64>> invalidations;
  std::vector<std::pair<u16, u64>> written_ports;
  unsigned kept_cr3 = 0;
  u32 missing_feature_leaf = 0xffffffff;  // CPUID answers 0 for this leaf

  RecordSink sink;
  trace::Bus bus;
  memory::HostMemory memory;
  cpu::Cpu cpu;
  World world;

 private:
  void note_delivery();
  u64 port_reads_ = 0;
};

}  // namespace trapline::test
