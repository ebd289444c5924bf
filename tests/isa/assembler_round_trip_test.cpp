// Assembled, decoded and printed again: by a table of lines, and from the decoder's side for random instructions.
#include <doctest/doctest.h>
#include <random>

#include "isa/assembler.h"
#include "isa/decode.h"

using namespace trapline;
using isa::Mnemonic;

namespace {

constexpr u64 origin = 0x10'0000;

isa::Instruction assembled(std::string_view line) {
  const Result<isa::Assembly> assembly = isa::assemble(line, origin);
  REQUIRE_MESSAGE(assembly.ok(), (assembly.ok() ? "" : assembly.error().sentence));
  const isa::Decoded decoded = isa::decode(assembly->bytes);
  REQUIRE(decoded.status == isa::DecodeStatus::ok);
  CHECK_MESSAGE(decoded.instruction.length == assembly->bytes.size(), line);
  return decoded.instruction;
}

struct Line {
  std::string_view source, printed;
};

constexpr Line lines[] = {
    {"MOV RAX, RBX", "mov rax, rbx"},
    {"mov r15b, ah ; no", ""},
    {"mov ah, bl", "mov ah, bl"},
    {"mov sil, r8b", "mov sil, r8b"},
    {"mov rax, [rbx + rcx*4 - 8]", "mov rax, [rbx+rcx*4-0x8]"},
    {"mov rax, [8*rcx + rbx]", "mov rax, [rbx+rcx*8]"},
    {"mov rax, [rbx + rsp]", "mov rax, [rsp+rbx*1]"},
    {"mov byte [rbx], 'a'", "mov byte ptr [rbx], 0x61"},
    {"mov word ptr [r13], 0x1234", "mov word ptr [r13], 0x1234"},
    {"mov qword [rbx], -1", "mov qword ptr [rbx], 0xffffffffffffffff"},
    {"mov eax, [ebx + 4]", "mov eax, [ebx+0x4]"},
    {"mov rax, gs:[0x30]", "mov rax, gs:[0x30]"},
    {"mov rax, [fs:rbx]", "mov rax, fs:[rbx]"},
    {"mov rcx, [abs 0x1000]", "mov rcx, [0x1000]"},
    {"mov rcx, [rel 0x1000]", "mov rcx, [0x1000]"},
    {"mov rcx, [rip + 16]", "mov rcx, [0x100017]"},
    {"mov rcx, [0xffffffffffffff00]", "mov rcx, [0xffffffffffffff00]"},
    {"mov rax, [abs 0x123456789abc]", "mov rax, [0x123456789abc]"},
    {"mov rax, 1 << 40", "mov rax, 0x10000000000"},
    {"mov eax, 0b1010 | 2 + 3 * 4 & ~1", "mov eax, 0xe"},
    {"mov eax, (2 - 3) & 0xff", "mov eax, 0xff"},
    {"mov eax, 'ab'", "mov eax, 0x6261"},
    {"mov cr4, rax", "mov cr4, rax"},
    {"mov rdi, dr6", "mov rdi, dr6"},
    {"mov es, [rbx]", "mov es, [rbx]"},
    {"movsx rax, ecx", "movsxd rax, ecx"},
    {"lea rax, [rbx + 1]", "lea rax, [rbx+0x1]"},
    {"push word 5", "push 0x5"},
    {"push qword [rbx]", "push [rbx]"},
    {"jmp 0x100000", "jmp 0x100000"},
    {"je 0x100010", "jz 0x100010"},
    {"loopz 0x100010", "loope 0x100010"},
    {"jecxz 0x100010", "jecxz 0x100010"},
    {"call 0x100000", "call 0x100000"},
    {"jmp far qword [rbx]", "jmp far [rbx]"},
    {"rep cmpsb", "repe cmpsb"},
    {"repz movsb", "rep movsb"},
    {"lock add [rbx], eax", "lock add [rbx], eax"},
    {"int 0x80", "int 0x80"},
    {"retfq", "ret far"},
    {"sysretq", "sysret"},
    {"popf", "popfq"},
    {"xlatb", "xlat"},
    {"invpcid rax, [rbx]", "invpcid rax, xmmword ptr [rbx]"},
};

}  // namespace

TEST_CASE("lines come back as the decoder prints them") {
  for (const Line& line : lines) {
    if (line.printed.empty()) {
      CHECK_MESSAGE(!isa::assemble(line.source, origin).ok(), line.source);
      continue;
    }
    const isa::Instruction instruction = assembled(line.source);
    CHECK(isa::text(std::span(instruction.bytes).first(instruction.length), origin) == line.printed);
  }
}

TEST_CASE("what the text does not show is in the bytes") {
  CHECK(assembled("retfq").operand_size == 8);
  CHECK(assembled("retf").operand_size == 4);
  CHECK(assembled("sysretq").bytes[0] == 0x48);
  CHECK(assembled("jmp far qword [rbx]").bytes[0] == 0x48);
  CHECK(assembled("jmp far [rbx]").bytes[0] == 0xff);
  CHECK(assembled("push word 5").operand_size == 2);
  CHECK(assembled("mov cr8, rax").bytes[3] == 0xc0);
  CHECK(assembled("xchg eax, eax").bytes[0] == 0x87);  // not NOP
  CHECK(assembled("mov rcx, ds:[rbx]").bytes[0] == 0x3e);
  const isa::Instruction relative = assembled("mov rcx, [rel 0x1000]");
  CHECK(relative.operand(1).memory.base == isa::rip_register);
  CHECK(assembled("mov rcx, [abs 0x1000]").operand(1).memory.base == isa::no_register);
  const isa::Instruction prefixed = assembled("mov ss:[rel 0x1000], ecx");  // the prefix counts into the distance
  CHECK(prefixed.operand(0).memory.displacement == 0x1000 - static_cast<i64>(origin + prefixed.length));
}

TEST_CASE("operands keep their kinds and sizes") {
  const isa::Instruction mov = assembled("mov word [rbx+rcx*2+7], 0xffff");
  CHECK(mov.mnemonic == Mnemonic::mov);
  CHECK(mov.operand(0).memory.size == 2);
  CHECK(mov.operand(0).memory.scale == 2);
  CHECK(mov.operand(0).memory.displacement == 7);
  CHECK(static_cast<u16>(mov.operand(1).immediate) == 0xffff);
  const isa::Instruction out = assembled("out dx, ax");
  CHECK(out.mnemonic == Mnemonic::out_);
  CHECK(out.operand(1).size == 2);
  CHECK(assembled("lock inc qword [rax]").lock);
  CHECK(assembled("rep stosq").rep);
  CHECK(assembled("repne scasb").repne);
}

// Random bytes that decode, printed, must assemble to something that prints the same, where the printed text says all
// that there is: the rest is refused, never turned into another instruction.
TEST_CASE("what the decoder prints assembles to what prints the same") {
  std::mt19937_64 random(11);
  unsigned decoded = 0, same = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::vector<u8> bytes(15);
    for (u8& byte : bytes) byte = static_cast<u8>(random());
    const isa::Decoded instruction = isa::decode(bytes);
    if (instruction.status != isa::DecodeStatus::ok || instruction.instruction.vector_unit) continue;
    ++decoded;
    const std::string printed = isa::text(bytes, origin);
    const Result<isa::Assembly> assembly = isa::assemble(printed, origin);
    if (!assembly) continue;
    ++same;
    CHECK(isa::text(assembly->bytes, origin) == printed);
  }
  MESSAGE(same << " of " << decoded << " accepted");
  CHECK(decoded > 15'000);
  CHECK(same * 100 >= decoded * 95);
}
