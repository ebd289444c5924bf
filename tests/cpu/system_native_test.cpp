// What this host's own processor says at CPL 3 of instructions that are not for programs: vector and error code,
// against this engine in the same place. (A host that virtualizes some of them still faults as the manual says.)
#include <doctest/doctest.h>

#include "cpu/native_runner.h"
#include "cpu/system_machine.h"

namespace trapline::test {

namespace {

struct Refused {
  const char* name;
  std::vector<u8> code;
};

const std::vector<Refused>& refused() {
  static const std::vector<Refused> list = {
      {"CLI", {0xfa}},
      {"STI", {0xfb}},
      {"HLT", {0xf4}},
      {"IN AL, DX", {0xec}},
      {"OUT 0x60, AL", {0xe6, 0x60}},
      {"INSB", {0x6c}},
      {"REP OUTSD", {0xf3, 0x6f}},
      {"CLTS", {0x0f, 0x06}},
      {"LMSW", {0x0f, 0x01, 0xf0}},
      {"MOV CR0", {0x0f, 0x22, 0xc0}},
      {"MOV CR1", {0x0f, 0x22, 0xc8}},
      {"MOV CR5", {0x0f, 0x22, 0xe8}},
      {"MOV from CR3", {0x0f, 0x20, 0xd8}},
      {"MOV CR8", {0x44, 0x0f, 0x22, 0xc0}},
      {"MOV DR0", {0x0f, 0x23, 0xc0}},
      {"MOV from DR7", {0x0f, 0x21, 0xf8}},
      {"RDMSR", {0x0f, 0x32}},
      {"WRMSR", {0x0f, 0x30}},
      {"LGDT", {0x0f, 0x01, 0x13}},
      {"LIDT", {0x0f, 0x01, 0x1b}},
      {"LLDT", {0x0f, 0x00, 0xd0}},
      {"LTR", {0x0f, 0x00, 0xd8}},
      {"INVLPG", {0x0f, 0x01, 0x3b}},
      {"INVD", {0x0f, 0x08}},
      {"WBINVD", {0x0f, 0x09}},
      {"SWAPGS", {0x0f, 0x01, 0xf8}},
      {"SYSRET", {0x48, 0x0f, 0x07}},
      {"SYSEXIT", {0x48, 0x0f, 0x35}},
      {"MONITOR", {0x0f, 0x01, 0xc8}},
      {"STAC", {0x0f, 0x01, 0xcb}},
      {"MOV CS", {0x8e, 0xc8}},
      {"MOV SS, null", {0x31, 0xc0, 0x8e, 0xd0}},
      {"MOV DS, level 0", {0xb8, 0x10, 0x00, 0x00, 0x00, 0x8e, 0xd8}},
      {"MOV FS, beyond the table", {0xb8, 0xf8, 0xff, 0x00, 0x00, 0x8e, 0xe0}},
      {"INT 0x21", {0xcd, 0x21}},
      {"INT 0x0d", {0xcd, 0x0d}},
      {"UD0", {0x0f, 0xff, 0xc0}},
      {"UD1", {0x0f, 0xb9, 0xc0}},
      {"UD2", {0x0f, 0x0b}},
      {"RSM", {0x0f, 0xaa}},
      {"VMREAD", {0x0f, 0x78, 0xc3}},
      {"IRETQ to an inner level", {0x6a, 0x00, 0x54, 0x6a, 0x02, 0x6a, 0x10, 0x6a, 0x00, 0x48, 0xcf}},
      {"RET far, null CS", {0x6a, 0x00, 0x6a, 0x00, 0x48, 0xcb}},
  };
  return list;
}

}  // namespace

TEST_CASE("the host's processor refuses at CPL 3 what this engine refuses, with the same error code") {
  NativeRunner native;
  if (!native.usable()) {
    MESSAGE("skipped: nothing can run natively here");
    return;
  }
  for (const Refused& one : refused()) {
    std::array<u64, 16> gpr{};
    gpr[arch::rsp] = NativeRunner::window + 0x1800;
    gpr[arch::rdx] = 0x60;
    gpr[arch::rdi] = gpr[arch::rsi] = gpr[arch::rbx] = NativeRunner::window;
    native.place(one.code);
    const NativeResult theirs = native.run(gpr, 2);
    World world;
    world.set_code(3, one.code);
    world.state.gpr[arch::rdx] = 0x60;
    world.state.gpr[arch::rdi] = world.state.gpr[arch::rsi] = world.state.gpr[arch::rbx] = at::user_data;
    for (unsigned vector = 0; vector < 256; ++vector)  // as an operating system does
      world.set_gate(vector, sel::code0, at::handlers + vector * 16, 14, 0);
    SystemMachine machine(world);
    machine.exception_intercepts = [](const arch::Fault&, const arch::Delivery&) { return true; };
    machine.run();
    INFO(std::string(one.name));
    REQUIRE(theirs.end == NativeResult::End::faulted);
    REQUIRE(!machine.exceptions.empty());
    CHECK(theirs.vector == machine.exceptions.back().vector);
    CHECK(theirs.error_code == machine.exceptions.back().error_code);
  }
}

}  // namespace trapline::test
