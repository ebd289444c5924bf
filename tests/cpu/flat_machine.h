// The smallest machine around a processor: linear addresses are host-physical ones within `bytes`, with holes,
// read-only and no-execute pages on request; ports answer nothing. What the pins were asked is counted.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "cpu/cpu.h"
#include "trace/bus.h"

namespace trapline::test {

// Keeps every record, and finds those of a kind.
class RecordSink : public trace::Sink {
 public:
  void take(std::span<const std::byte> records) override {
    if (keeps_) bytes_.insert(bytes_.end(), records.begin(), records.end());
  }
  void keep(bool wanted) { keeps_ = wanted; }

  struct Record {
    trace::RecordHeader header;
    const std::byte* fields;
  };
  std::vector<Record> records() const;
  template <typename Event>
  std::vector<std::pair<trace::RecordHeader, Event>> all() const {
    std::vector<std::pair<trace::RecordHeader, Event>> found;
    for (const Record& record : records()) {
      if (record.header.kind != static_cast<u16>(Event::event_kind)) continue;
      Event event;
      std::memcpy(&event, record.fields, sizeof event);
      found.emplace_back(record.header, event);
    }
    return found;
  }

 private:
  std::vector<std::byte> bytes_;
  bool keeps_ = true;
};

class FlatMachine : public cpu::Ports {
 public:
  static constexpr u64 code = 0x10000, data = 0x20000, stack = 0x30000, far_hole = 0x80000;

  explicit FlatMachine(trace::Level level = trace::Level::exits, const cpu::Tuning& tuning = {}, u64 bytes = 1 << 20);

  void write(u64 address, std::span<const u8> bytes);
  void program(std::span<const u8> bytes) { write(code, bytes); }
  template <typename T>
  T read(u64 address) const {
    T value;
    std::memcpy(&value, memory.host_page(Hpa(0)) + address, sizeof value);
    return value;
  }
  // 64-bit mode at CPL 3 or 0, RIP at `code`, RSP at `stack`.
  static arch::CpuState fresh_state(unsigned cpl = 3);
  // Lets linear page `page` show frame `frame`; 0 reached by no mapping makes a hole.
  void map(u64 page, u64 frame) { mapping_[page] = frame; }
  void protect(u64 page) { read_only_[page] = true; }

  cpu::Translation translate(Gva linear, arch::Access access, bool user) override;
  u64 read_mmio(Gpa, unsigned) override { return ~0ULL; }
  void write_mmio(Gpa, unsigned, u64) override {}
  void write_watched(Hpa address, unsigned size, u64 value) override {
    memory.write(address, size, value, trace::Writer::guest);
  }
  void control_register_written(unsigned, u64) override { cpu.invalidate_all(); }
  void invlpg(Gva linear) override { cpu.invalidate_page(linear); }
  void invpcid(u64, u64, Gva) override { cpu.invalidate_all(); }
  cpu::Verdict attempt(const cpu::Attempt&) override { return cpu::Verdict::proceed; }
  // Every exception ends the run, so that tests see it bare.
  bool exception_exits(const arch::Fault& fault, const arch::Delivery&) override {
    last_fault = fault;
    return true;
  }
  bool triple_fault_exits() override { return true; }
  u64 read_port(u16, unsigned) override { return ~0ULL; }
  void write_port(u16, unsigned, u64) override {}
  u64 time_stamp_counter() override { return 0; }
  bool read_msr(u32, u64&) override { return false; }
  bool write_msr(u32, u64) override { return false; }
  void cpuid(u32, u32, u32 (&registers)[4]) override { registers[0] = registers[1] = registers[2] = registers[3] = 0; }
  cpu::Verdict vmx_instruction(const cpu::Attempt&, arch::Fault& fault) override {
    fault = arch::fault(arch::vector::ud);
    return cpu::Verdict::fault;
  }

  RecordSink sink;
  trace::Bus bus;
  memory::HostMemory memory;
  cpu::Cpu cpu;
  arch::Fault last_fault;
  u64 translations[3] = {};  // asked for reads, writes, fetches

 private:
  std::map<u64, u64> mapping_;
  std::map<u64, bool> read_only_;
};

}  // namespace trapline::test
