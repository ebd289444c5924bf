// The soft processor against the host's own: random instructions of every implemented form and width, one at a time and
// in short sequences. Everything is compared: registers, flags, memory, where execution went, and faults.
#include <cstdlib>
#include <cstring>
#include <doctest/doctest.h>

#include "cpu/flat_machine.h"
#include "cpu/native_runner.h"
#include "cpu/random_instruction.h"

using namespace trapline;
using namespace trapline::test;

namespace {

constexpr u64 page = NativeRunner::page;

// The machine's frames behind the native addresses: scattered, so that what crosses a page is really split.
class Pair {
 public:
  Pair() {
    machine.map(NativeRunner::code / page, code_frame);
    for (u64 i = 0; i < NativeRunner::pages; ++i) machine.map(NativeRunner::window / page + i, frames[i]);
    machine.map(NativeRunner::window / page + NativeRunner::pages, 0);
    machine.protect(NativeRunner::window / page + NativeRunner::writable_pages);
    fill();
  }

  void fill() {
    std::vector<u8> bytes(NativeRunner::pages * page);
    for (u8& byte : bytes) byte = static_cast<u8>(random() % 3 == 0 ? random_value(random) : random());
    for (u64 i = 0; i < NativeRunner::pages; ++i)
      machine.write(frames[i] * page, std::span<const u8>(bytes).subspan(i * page, page));
    std::memcpy(native.memory().data(), bytes.data(), NativeRunner::writable_pages * page);
    native.set_read_only_page(std::span<const u8>(bytes).subspan(NativeRunner::writable_pages * page));
  }

  void place(std::span<const u8> instructions) {
    const auto bytes = native.place(instructions);
    machine.write(code_frame * page, bytes);
  }

  void poke(u64 linear, u64 value) {
    for (unsigned i = 0; i < 8; ++i) {
      const u64 at = linear + i - NativeRunner::window;
      if (at / page >= NativeRunner::writable_pages) continue;
      const u8 byte = static_cast<u8>(value >> (8 * i));
      native.memory()[at] = byte;
      machine.write(frames[at / page] * page + at % page, std::span(&byte, 1));
    }
  }

  bool same_memory() {
    for (u64 i = 0; i < NativeRunner::writable_pages; ++i)
      if (std::memcmp(native.memory().data() + i * page, machine.memory.host_page(Hpa::of_page(frames[i])), page) != 0)
        return false;
    return true;
  }

  static constexpr u64 code_frame = 0x11;
  static constexpr u64 frames[NativeRunner::pages] = {0x24, 0x2f, 0x21, 0x35, 0x28};
  NativeRunner native;
  Random random{12345};
  FlatMachine machine;
};

bool is_string(const isa::Instruction& instruction) {
  return instruction.mnemonic >= isa::Mnemonic::movsb && instruction.mnemonic <= isa::Mnemonic::cmpsq;
}

// Where an operand should lie: mostly inside the window, now and then across pages, in the read-only page, in the hole,
// or nowhere canonical.
u64 target_address(Random& random) {
  const u64 kind = random() % 64;
  if (kind == 0) return NativeRunner::window + NativeRunner::pages * page - random() % 12;
  if (kind == 1) return NativeRunner::window + NativeRunner::writable_pages * page + random() % 64 - 16;
  if (kind == 2) return 0x8000'0000'0000ULL + random() % 64 - 8;
  if (kind < 16) return NativeRunner::window + (1 + random() % 3) * page - random() % 16;
  return NativeRunner::window + 64 + random() % (NativeRunner::writable_pages * page - 256);
}

// Repeated string instructions with 32-bit addresses: makers differ in what becomes of the pointers' upper halves.
void avoid_upper_halves(const isa::Instruction& instruction, std::array<u64, 16>& gpr) {
  if (!is_string(instruction) || instruction.address_size != 4) return;
  for (const u8 reg : {arch::rcx, arch::rsi, arch::rdi}) gpr[reg] = static_cast<u32>(gpr[reg]);
}

// Makes operand addresses land by choosing base registers.
void aim(Random& random, const isa::Instruction& instruction, std::array<u64, 16>& gpr) {
  gpr[arch::rsp] = NativeRunner::window + page + 8 * (random() % 300) + 64;
  if (instruction.rep || instruction.repne) gpr[arch::rcx] = random() % 20;
  if (instruction.mnemonic == isa::Mnemonic::enter || instruction.mnemonic == isa::Mnemonic::leave)
    gpr[arch::rbp] = NativeRunner::window + 2 * page + random() % 512;
  if (instruction.mnemonic == isa::Mnemonic::enter) gpr[arch::rsp] = NativeRunner::window + 3 * page + random() % page;
  const bool bit_string = instruction.mnemonic >= isa::Mnemonic::bt && instruction.mnemonic <= isa::Mnemonic::btc;
  if (bit_string && instruction.is_register(1))
    gpr[instruction.operand(1).reg] = static_cast<u64>(static_cast<i64>(random() % 4096) - 2048);
  for (unsigned i = 0; i < instruction.memory_count; ++i) {
    const isa::MemoryOperand& memory = instruction.memory[i];
    if (memory.base == arch::rsp && memory.index == isa::no_register && memory.displacement == 0) continue;
    u64 target = target_address(random);
    if (instruction.mnemonic == isa::Mnemonic::cmpxchg16b && random() % 8 != 0) target &= ~15ULL;
    if (instruction.mnemonic == isa::Mnemonic::xlat) target -= gpr[arch::rax] & 0xff;
    const u64 index =
        memory.index < 16 && instruction.mnemonic != isa::Mnemonic::xlat ? gpr[memory.index] * memory.scale : 0;
    gpr[memory.base] = target - index - static_cast<u64>(memory.displacement);
  }
  if (instruction.memory_count == 2 && is_string(instruction) && random() % 2) gpr[arch::rdi] = gpr[arch::rsi];
}

// Whether every operand lies in the window, the hole behind it, or nowhere canonical: elsewhere this process has memory
// of its own, which a case must not touch.
bool stays_in_reach(const isa::Instruction& instruction, const std::array<u64, 16>& gpr) {
  arch::CpuState state;
  state.gpr = gpr;
  for (unsigned i = 0; i < instruction.memory_count; ++i) {
    if (instruction.mnemonic == isa::Mnemonic::xlat) continue;  // its index is a byte: aimed exactly
    const u64 linear = isa::linear_address(instruction.memory[i], state, 0, instruction.address_size);
    const bool near_the_edge = linear + 64 >= 1ULL << 47 && linear < (1ULL << 47) + 128;
    if (!near_the_edge && linear - NativeRunner::window >= (NativeRunner::pages + 1) * page) return false;
  }
  return true;
}

// Branches go to the second way out; returns false where this case cannot be aimed.
bool aim_branch(Pair& pair, RandomInstruction& chosen, std::array<u64, 16>& gpr) {
  const isa::Instruction& instruction = chosen.instruction;
  if (instruction.mnemonic == isa::Mnemonic::ret) {
    pair.poke(gpr[arch::rsp], NativeRunner::branch_target);
    return true;
  }
  const isa::Operand& target = instruction.operand(0);
  const bool indirect = instruction.mnemonic == isa::Mnemonic::jmp || instruction.mnemonic == isa::Mnemonic::call;
  if (target.kind == isa::OperandKind::relative) {
    const i64 distance = static_cast<i64>(NativeRunner::branch_target - NativeRunner::code) - instruction.length;
    const unsigned bytes = instruction.length - (chosen.bytes[chosen.bytes.size() - 2] >= 0x70 &&
                                                         static_cast<i8>(chosen.bytes.back()) == target.immediate
                                                     ? instruction.length - 1U
                                                     : instruction.length - 4U);
    for (unsigned i = 0; i < bytes; ++i)
      chosen.bytes[chosen.bytes.size() - bytes + i] = static_cast<u8>(distance >> (8 * i));
    chosen.instruction = isa::decode(chosen.bytes).instruction;
    return chosen.instruction.length == chosen.bytes.size() && chosen.instruction.operand(0).immediate == distance;
  }
  if (!indirect) return true;
  if (target.kind == isa::OperandKind::reg) {
    gpr[target.reg] = NativeRunner::branch_target;
    return target.reg != arch::rsp;
  }
  arch::CpuState state;
  state.gpr = gpr;
  const u64 linear = isa::linear_address(target.memory, state, 0, instruction.address_size);
  if (linear >= NativeRunner::window && linear < NativeRunner::window + NativeRunner::writable_pages * page - 8) {
    pair.poke(linear, NativeRunner::branch_target);
    return true;
  }
  return false;
}

struct SoftResult {
  NativeResult::End end;
  arch::CpuState state;
  arch::Fault fault;
};

SoftResult run_soft(Pair& pair, const std::array<u64, 16>& gpr, u64 rflags, u64 instructions, u64 bytes) {
  arch::CpuState state = FlatMachine::fresh_state();
  state.gpr = gpr;
  state.rflags = rflags;
  state.rip = NativeRunner::code;
  pair.machine.cpu.set_state(state);
  const cpu::Stop stop = pair.machine.cpu.run(pair.machine.cpu.retired() + instructions);
  SoftResult result{NativeResult::End::fell_through, pair.machine.cpu.state(), pair.machine.last_fault};
  if (stop == cpu::Stop::vm_exit)
    result.end = NativeResult::End::faulted;
  else if (result.state.rip == NativeRunner::branch_target)
    result.end = NativeResult::End::branched;
  else
    REQUIRE(result.state.rip == NativeRunner::code + bytes);
  REQUIRE((stop == cpu::Stop::limit || stop == cpu::Stop::vm_exit));
  return result;
}

struct Case {
  std::vector<u8> bytes;
  std::array<u64, 16> gpr;
  u64 rflags = 0;
  u64 instructions = 1;
  u64 ignored_flags = 0;
};

std::string describe(const Case& each) {
  std::string text;
  for (const u8 byte : each.bytes) text += "0123456789abcdef"[byte >> 4], text += "0123456789abcdef"[byte & 15];
  text += ": ";
  for (std::span<const u8> rest(each.bytes); !rest.empty();) {
    text += isa::text(rest, NativeRunner::code) + "; ";
    const isa::Decoded decoded = isa::decode(rest);
    if (decoded.status != isa::DecodeStatus::ok) break;
    rest = rest.subspan(decoded.instruction.length);
  }
  return text;
}

// True where both agree; the first difference in words otherwise.
std::string difference(Pair& pair, const Case& each) {
  pair.place(each.bytes);
  const NativeResult native = pair.native.run(each.gpr, each.rflags);
  const SoftResult soft = run_soft(pair, each.gpr, each.rflags, each.instructions, each.bytes.size());
  if (native.end != soft.end)
    return "ends differ: native " + std::to_string(static_cast<int>(native.end)) + " vector " +
           std::to_string(native.vector) + ", soft " + std::to_string(static_cast<int>(soft.end)) + " vector " +
           std::to_string(soft.fault.vector);
  for (unsigned i = 0; i < 16; ++i)
    if (native.gpr[i] != soft.state.gpr[i])
      return "register " + std::to_string(i) + ": native " + std::to_string(native.gpr[i]) + ", soft " +
             std::to_string(soft.state.gpr[i]);
  if (native.end == NativeResult::End::faulted) {
    if (native.vector != soft.fault.vector)
      return "vectors: native " + std::to_string(native.vector) + ", soft " + std::to_string(soft.fault.vector);
    if (native.vector == arch::vector::pf && native.cr2 != soft.fault.cr2)
      return "CR2: native " + std::to_string(native.cr2) + ", soft " + std::to_string(soft.fault.cr2);
    if (native.vector == arch::vector::pf && ((native.error_code ^ soft.fault.error_code) & arch::pf_error::write) != 0)
      return "write bits of the error codes differ";
  }
  constexpr u64 compared = arch::flag::arithmetic | arch::flag::df;
  const u64 differing = (native.rflags ^ soft.state.rflags) & compared & ~each.ignored_flags;
  if (differing != 0)
    return "flags: native " + std::to_string(native.rflags & compared) + ", soft " +
           std::to_string(soft.state.rflags & compared);
  return pair.same_memory() ? "" : "memory differs";
}

u64 random_flags(Random& random) {
  return (random() & (arch::flag::arithmetic | arch::flag::df)) | arch::flag::always_one | arch::flag::if_;
}

}  // namespace

TEST_CASE("one random instruction at a time gives what the host's processor gives") {
  Pair pair;
  REQUIRE(pair.native.usable());
  const char* const wish = std::getenv("TRAPLINE_DIFFERENTIAL_CASES");
  const u64 cases = wish ? std::strtoull(wish, nullptr, 10) : 40'000;
  const bool strict = std::getenv("TRAPLINE_DIFFERENTIAL_STRICT") != nullptr;
  u64 faults = 0, compared = 0;
  for (u64 i = 0; i < cases; ++i) {
    RandomInstruction chosen = random_instruction(pair.random, Shape::any);
    Case each;
    for (u64& value : each.gpr) value = random_value(pair.random);
    each.rflags = random_flags(pair.random);
    aim(pair.random, chosen.instruction, each.gpr);
    if (!strict) avoid_upper_halves(chosen.instruction, each.gpr);
    if (!stays_in_reach(chosen.instruction, each.gpr) || !aim_branch(pair, chosen, each.gpr)) continue;
    each.bytes = chosen.bytes;
    each.ignored_flags = undefined_flags(chosen.instruction, each.gpr);
    if (each.ignored_flags == result_undefined) continue;
    if (strict) each.ignored_flags = 0;
    ++compared;
    const std::string wrong = difference(pair, each);
    faults += pair.machine.cpu.state().rip == NativeRunner::code;
    if (wrong.empty()) continue;
    const std::string text = describe(each);
    CAPTURE(text);
    CAPTURE(each.gpr[arch::rdi]);
    CHECK_MESSAGE(wrong.empty(), wrong);
    pair.fill();
  }
  CHECK(compared > cases / 2);
  CHECK(faults > cases / 200);  // the cases do reach faults
}

TEST_CASE("short sequences of register instructions give what the host's processor gives") {
  Pair pair;
  REQUIRE(pair.native.usable());
  for (int i = 0; i < 8'000; ++i) {
    Case each;
    for (u64& value : each.gpr) value = random_value(pair.random);
    each.gpr[arch::rsp] = NativeRunner::window + 2 * page;
    each.rflags = random_flags(pair.random);
    each.instructions = 0;
    while (each.bytes.size() < 24) {
      const RandomInstruction chosen = random_instruction(pair.random, Shape::registers_only);
      // Only what leaves nothing undefined whatever the registers hold, and no #DE.
      std::array<u64, 16> zero_count{}, large_count{};
      large_count[arch::rcx] = 0x3f;
      if (undefined_flags(chosen.instruction, zero_count) != 0 || undefined_flags(chosen.instruction, large_count) != 0)
        continue;
      each.bytes.insert(each.bytes.end(), chosen.bytes.begin(), chosen.bytes.end());
      ++each.instructions;
    }
    const std::string wrong = difference(pair, each);
    if (wrong.empty()) continue;
    const std::string text = describe(each);
    CAPTURE(text);
    CHECK_MESSAGE(wrong.empty(), wrong);
  }
}
