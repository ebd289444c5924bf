// Decoding against bytes written by hand from the manual's tables, and text against the assembler's usual spelling.
#include "isa/decode.h"

#include <doctest/doctest.h>
#include <random>
#include <vector>

using namespace trapline;
using isa::DecodeStatus;
using isa::Mnemonic;

namespace {

isa::Instruction decoded(std::initializer_list<u8> bytes) {
  const std::vector<u8> all(bytes);
  const isa::Decoded result = isa::decode(all);
  REQUIRE(result.status == DecodeStatus::ok);
  CHECK(result.instruction.length == all.size());
  return result.instruction;
}

std::string text_of(std::initializer_list<u8> bytes, u64 rip = 0x1000) {
  const std::vector<u8> all(bytes);
  return isa::text(all, rip);
}

}  // namespace

TEST_CASE("registers, high bytes and memory with index") {
  const isa::Instruction mov = decoded({0x4a, 0x8b, 0x84, 0xe3, 0x10, 0xff, 0xff, 0xff});  // mov rax,[rbx+r12*8-0xf0]
  CHECK(mov.mnemonic == Mnemonic::mov);
  CHECK(mov.operand_size == 8);
  CHECK(mov.operand_count == 2);
  CHECK(mov.operand(0).reg == arch::rax);
  const isa::MemoryOperand& memory = mov.operand(1).memory;
  CHECK(memory.base == arch::rbx);
  CHECK(memory.index == arch::r12);
  CHECK(memory.scale == 8);
  CHECK(memory.displacement == -0xf0);
  CHECK(memory.size == 8);
  CHECK(memory.read);
  CHECK(!memory.written);

  const isa::Instruction high = decoded({0x00, 0xe5});  // add ch, ah
  CHECK(high.operand(0).register_kind == isa::RegisterKind::high_byte);
  CHECK(high.operand(0).reg == arch::rcx);
  CHECK(high.operand(1).reg == arch::rax);
  const isa::Instruction low = decoded({0x40, 0x00, 0xe5});  // add bpl, spl
  CHECK(low.operand(0).register_kind == isa::RegisterKind::gpr);
  CHECK(low.operand(0).reg == arch::rbp);
  CHECK(low.operand(1).reg == arch::rsp);
}

TEST_CASE("prefixes, segments and implicit memory") {
  const isa::Instruction add = decoded({0xf0, 0x64, 0x67, 0x01, 0x0b});  // lock add fs:[ebx], ecx
  CHECK(add.lock);
  CHECK(add.address_size == 4);
  CHECK(add.operand(0).memory.segment == arch::fs);
  CHECK(add.operand(0).memory.written);

  const isa::Instruction movs = decoded({0xf3, 0x48, 0xa5});  // rep movsq
  CHECK(movs.mnemonic == Mnemonic::movsq);
  CHECK(movs.rep);
  REQUIRE(movs.memory_count == 2);
  CHECK(movs.memory[0].written);
  CHECK(movs.memory[0].base == arch::rdi);
  CHECK(movs.memory[1].read);
  CHECK(movs.memory[1].base == arch::rsi);

  const isa::Instruction push = decoded({0xff, 0x33});  // push qword [rbx]
  REQUIRE(push.memory_count == 2);
  CHECK(push.memory[0].read);
  CHECK(push.memory[1].written);
  CHECK(push.memory[1].base == arch::rsp);
  CHECK(decoded({0x48, 0x8d, 0x03}).memory[0].read == false);  // lea rax,[rbx]
}

TEST_CASE("branches count from the next instruction") {
  const isa::Instruction jump = decoded({0x75, 0xfe});
  CHECK(jump.mnemonic == Mnemonic::jnz);
  CHECK(jump.operand(0).kind == isa::OperandKind::relative);
  CHECK(jump.operand(0).immediate == -2);
  CHECK(decoded({0xff, 0x2b}).far);
}

TEST_CASE("what holds state that the engine does not is told apart from integer code") {
  CHECK(decoded({0x0f, 0x28, 0xc1}).vector_unit);               // movaps
  CHECK(decoded({0xf2, 0x0f, 0x10, 0x03}).vector_unit);         // movsd xmm0,[rbx]
  CHECK(decoded({0xd8, 0x03}).x87);                             // fadd dword [rbx]
  CHECK(decoded({0x9b}).x87);                                   // fwait
  CHECK(decoded({0x0f, 0x77}).vector_unit);                     // emms
  CHECK(decoded({0x0f, 0xae, 0x03}).vector_unit);               // fxsave [rbx]
  CHECK(!decoded({0xa5}).vector_unit);                          // movsd
  CHECK(!decoded({0xf2, 0x0f, 0x38, 0xf1, 0xc3}).vector_unit);  // crc32 eax, ebx
  CHECK(!decoded({0x0f, 0x01, 0xd0}).vector_unit);              // xgetbv
  CHECK(!decoded({0xf3, 0x0f, 0xb8, 0xc3}).vector_unit);        // popcnt
}

TEST_CASE("what is no instruction, and what is not yet one") {
  CHECK(isa::decode({}).status == DecodeStatus::needs_more);
  CHECK(isa::decode(std::vector<u8>{0x48, 0xb8, 1, 2, 3}).status == DecodeStatus::needs_more);
  CHECK(isa::decode(std::vector<u8>{0x06, 0x90}).status == DecodeStatus::invalid);
  CHECK(isa::decode(std::vector<u8>{0xf0, 0x89, 0xc8}).status == DecodeStatus::invalid);        // LOCK on a register
  CHECK(isa::decode(std::vector<u8>{0xc5, 0xfa, 0xbd, 0xfb}).status == DecodeStatus::invalid);  // VEX LZCNT is none
  CHECK(isa::decode(std::vector<u8>(16, 0x66)).status == DecodeStatus::too_long);
}

TEST_CASE("an address-size prefix does not give R13 to a form without a base") {
  const isa::Instruction mov = decoded({0x67, 0x41, 0x8b, 0x04, 0x25, 0x01, 0x02, 0x03, 0x04});
  CHECK(mov.operand(1).memory.base == isa::no_register);
  CHECK(mov.operand(1).memory.displacement == 0x04030201);
}

TEST_CASE("linear addresses") {
  arch::CpuState state;
  state.gpr[arch::rbx] = 0xffff'ffff;
  state.gpr[arch::rcx] = 2;
  state.segments[arch::gs].base = 0x1'0000'0000;
  state.segments[arch::ds].base = 0x5000;
  isa::MemoryOperand operand;
  operand.base = arch::rbx;
  operand.index = arch::rcx;
  operand.scale = 4;
  operand.displacement = -1;
  CHECK(isa::linear_address(operand, state, 0, 8) == 0x1'0000'0006);
  CHECK(isa::linear_address(operand, state, 0, 4) == 6);
  operand.segment = arch::gs;
  CHECK(isa::linear_address(operand, state, 0, 4) == 0x1'0000'0006);
  operand = {};
  operand.base = isa::rip_register;
  operand.displacement = 0x10;
  CHECK(isa::linear_address(operand, state, 0x2000, 8) == 0x2010);
}

TEST_CASE("text is Intel's") {
  CHECK(text_of({0x48, 0x8b, 0x44, 0x24, 0x08}) == "mov rax, [rsp+0x8]");
  CHECK(text_of({0xe8, 0xfb, 0xff, 0xff, 0xff}) == "call 0x1000");
  CHECK(text_of({0x48, 0x8d, 0x05, 0x01, 0x00, 0x00, 0x00}) == "lea rax, [0x1008]");
  CHECK(text_of({0xf3, 0xa4}) == "rep movsb");
  CHECK(text_of({0x06}) == "(bad)");
  CHECK(text_of({}) == "(bad)");
}

TEST_CASE("no bytes make the decoder stumble, and a decoded length is within what was given") {
  std::mt19937_64 random(7);
  u64 good = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::vector<u8> bytes(random() % 17);
    for (u8& byte : bytes) byte = static_cast<u8>(random());
    const isa::Decoded result = isa::decode(bytes);
    if (result.status != DecodeStatus::ok) continue;
    ++good;
    if (result.instruction.length > bytes.size() || result.instruction.length > isa::longest_instruction)
      FAIL("length out of bounds");
  }
  CHECK(good > 50'000);
}
