// What the KVM tests share: a machine in the boot state of guest-kernels/MACHINE.md, guests as bytes, a recorded trace.
#pragma once

#include <doctest/doctest.h>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "kvm/machine.h"
#include "trace/memory_trace.h"

namespace trapline::kvm_test {

inline constexpr u64 code_base = 0x100000;
inline constexpr u64 idt_base = 0x8000;
inline constexpr u64 millisecond = 1'000'000;
// Far more than any test guest needs, far less than a test run's patience.
inline constexpr u64 patience = 5'000 * millisecond;

// True where /dev/kvm cannot be opened; says so once for the test. Where it opens, every test runs and must pass.
bool kvm_is_missing(const char* test);

#define KVM_TEST(name) TEST_CASE(name* doctest::skip(trapline::kvm_test::kvm_is_missing(name)))

// True also where the host does not name its KVM module (a container without /sys): for tests that expect what one
// module does and another does not.
bool kvm_is_nameless(const char* test);

#define NAMED_KVM_TEST(name) TEST_CASE(name* doctest::skip(trapline::kvm_test::kvm_is_nameless(name)))

using Code = std::vector<u8>;
// Pieces of code, one after the other.
Code operator+(Code left, const Code& right);
// Little-endian bytes of a number.
Code little(u64 value, unsigned bytes);

arch::CpuState boot_state();
void write_bytes(memory::GuestMemory& memory, u64 address, const Code& bytes);
// The identity map of the first GiB that the loader makes, with the boot GDT.
void write_boot_tables(memory::GuestMemory& memory);

// A machine with `code` at 0x100000 and the processor about to run it.
class Lab {
 public:
  explicit Lab(const Code& code, trace::Level level = trace::Level::exits, const kvm::Limits& limits = {});

  metal::VmExit run(const metal::RunUntil& until = {.nanoseconds = patience});
  // Runs until an exit of the kind, at most `most` exits of other kinds before it.
  metal::VmExit run_to(trace::UserExitReason reason, unsigned most = 20);

  metal::Vcpu& vcpu() { return machine->vcpu(); }
  memory::GuestMemory& memory() { return machine->memory(); }
  u64 gpr(arch::Gpr number) { return vcpu().state().gpr[number]; }

  template <typename Event>
  std::vector<Event> events() {
    bus.flush();
    std::vector<Event> found;
    auto cursor = trace.events(trace.kinds<Event>());
    while (const trace::RecordedEvent* event = cursor.next()) found.push_back(*event->as<Event>());
    return found;
  }

  trace::MemoryTrace trace;
  trace::Bus bus;
  std::unique_ptr<metal::Machine> machine;
};

}  // namespace trapline::kvm_test
