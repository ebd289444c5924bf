#include "kvm/lab.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "kvm/probe.h"

namespace trapline::kvm_test {
namespace {

constexpr u64 gdt_base = 0x500;
constexpr u64 tss_base = 0x580;

arch::Segment segment(u16 selector, u32 access_rights, u32 limit, u64 base = 0) {
  return {selector, access_rights, limit, base};
}

}  // namespace

bool kvm_is_missing(const char* test) {
  const int device = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (device >= 0) {
    ::close(device);
    return false;
  }
  std::printf("SKIPPED kvm: %s: /dev/kvm: %s\n", test, std::strerror(errno));
  std::fflush(stdout);
  return true;
}

bool kvm_is_nameless(const char* test) {
  if (kvm_is_missing(test)) return true;
  if (kvm::probe().module != "unknown") return false;
  std::printf("SKIPPED kvm: %s: this host does not name its KVM module\n", test);
  std::fflush(stdout);
  return true;
}

Code operator+(Code left, const Code& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Code little(u64 value, unsigned bytes) {
  Code result;
  for (unsigned index = 0; index < bytes; ++index) result.push_back(static_cast<u8>(value >> (8 * index)));
  return result;
}

arch::CpuState boot_state() {
  arch::CpuState state;
  constexpr u32 flat = 0xfffff;
  const auto data = segment(0x10, 0xc093, flat << 12 | 0xfff);
  state.segments.fill(data);
  state.segments[arch::cs] = segment(0x08, 0xa09b, flat << 12 | 0xfff);
  state.tr = segment(0x18, 0x008b, 0x67, tss_base);
  state.gdtr = {gdt_base, 0x27};
  state.idtr = {0, 0};
  state.cr0 = arch::cr0::pe | arch::cr0::et | arch::cr0::ne | arch::cr0::wp | arch::cr0::pg;
  state.cr3 = 0x1000;
  state.cr4 = arch::cr4::pae;
  state.efer = arch::efer::lme | arch::efer::lma | arch::efer::nxe | arch::efer::sce;
  state.gpr[arch::rsp] = 0x9000;
  state.gpr[arch::rdi] = 0x7000;
  state.rip = code_base;
  return state;
}

void write_bytes(memory::GuestMemory& memory, u64 address, const Code& bytes) {
  REQUIRE(memory.write(Gpa(address), std::as_bytes(std::span(bytes))));
}

void write_boot_tables(memory::GuestMemory& memory) {
  REQUIRE(memory.store<u64>(Gpa(0x1000), 0x2003));
  REQUIRE(memory.store<u64>(Gpa(0x2000), 0x3003));
  for (u64 index = 0; index < 512; ++index) REQUIRE(memory.store<u64>(Gpa(0x3000 + index * 8), (index << 21) | 0x83));
  write_bytes(memory, gdt_base, little(0, 8) + little(0x00af9b000000ffff, 8) + little(0x00cf93000000ffff, 8));
  // A busy 64-bit TSS (SDM vol. 3, "TSS Descriptor in 64-bit mode").
  write_bytes(memory, gdt_base + 0x18, little(0x67 | tss_base << 16 | 0x8bULL << 40, 8) + little(0, 8));
}

Lab::Lab(const Code& code, trace::Level level, const kvm::Limits& limits) : bus(level, trace) {
  auto made = kvm::make_machine({}, bus, limits);
  REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().sentence));
  machine = std::move(*made);
  write_boot_tables(memory());
  write_bytes(memory(), code_base, code);
  const auto set = vcpu().set_state(boot_state());
  REQUIRE_MESSAGE(set.ok(), (set.ok() ? "" : set.error().sentence));
}

metal::VmExit Lab::run(const metal::RunUntil& until) {
  auto exit = vcpu().run_virtual(until);
  REQUIRE_MESSAGE(exit.ok(), (exit.ok() ? "" : exit.error().sentence));
  return std::move(*exit);
}

metal::VmExit Lab::run_to(trace::UserExitReason reason, unsigned most) {
  metal::VmExit exit = run();
  for (unsigned others = 0; exit.reason != reason && others < most; ++others) exit = run();
  REQUIRE_MESSAGE(exit.reason == reason, exit.detail);
  return exit;
}

}  // namespace trapline::kvm_test
