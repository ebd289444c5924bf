// A program that single-steps itself: POPF at CPL 3 sets RFLAGS.TF without a trap, and every technique must deliver a
// #DB behind each further instruction until the program clears it again (SDM vol. 3, "Single-Step Exception
// Condition").
#include <doctest/doctest.h>

#include "isa/assembler.h"
#include "whole/machine_code.h"

namespace trapline::whole {
namespace {

// The boot tables become readable for programs; RSP0 of the boot TSS is set; vectors 1 and 0x30 lead here.
constexpr const char* source = R"(
  or qword [0x1000], 4
  or qword [0x2000], 4
  or qword [0x3000], 4
  mov rax, cr3
  mov cr3, rax
  mov qword [0x584], 0x8000
  lea rax, [gdt]
  mov [gdt_pointer + 2], rax
  lgdt [gdt_pointer]
  lea rdi, [idt + 16]
  lea rax, [stepped]
  mov [rdi], ax
  mov word [rdi + 2], 8
  mov word [rdi + 4], 0x8e00
  shr rax, 16
  mov [rdi + 6], ax
  lea rdi, [idt + 0x300]
  lea rax, [over]
  mov [rdi], ax
  mov word [rdi + 2], 8
  mov word [rdi + 4], 0xee00
  shr rax, 16
  mov [rdi + 6], ax
  lea rax, [idt]
  mov [idt_pointer + 2], rax
  lidt [idt_pointer]
  push 0x1b
  push 0x7000
  push 2
  push 0x23
  lea rax, [program]
  push rax
  iretq
program:
  pushfq
  or qword [rsp], 0x100
  popfq
  mov ecx, 3
again:
  dec ecx
  jnz again
  pushfq
  and qword [rsp], -257
  popfq
  nop
  int 0x30
stepped:
  inc dword [count]
  test dword [rsp + 16], 0x100
  jnz flag_seen
  inc dword [flag_clear]
flag_seen:
  iretq
over:
  mov eax, [flag_clear]
  shl eax, 8
  add eax, [count]
  out 0xf4, eax
count: dd 0
flag_clear: dd 0
align 8
gdt: dq 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff
gdt_pointer: dw 39
  dq 0
idt_pointer: dw 0xfff
  dq 0
align 16
idt: times 4096 db 0
)";

// Behind MOV, 3 x (DEC, JNZ), PUSHF, AND and the POPF that clears the flag; that one still steps, with the flag clear.
constexpr u32 steps = 1 + 3 * 2 + 3, steps_with_flag_clear = 1;

}  // namespace

TEST_CASE("a program's own single steps are delivered alike under each technique") {
  const auto code = isa::assemble(source, code_base);
  REQUIRE_MESSAGE(code, code.error().sentence);
  for (const trace::Technique technique : {trace::Technique::hardware, trace::Technique::full}) {
    CAPTURE(trace::name_of(technique));
    const test::Folder folder;
    const std::string file = folder.write("guest.elf", test::build_elf({{code_base, code->bytes}}, code_base));
    session::RunRequest request = lane(file);
    request.technique = technique;
    const Ran ran(request);
    CHECK(ran.result().exit_code == (steps_with_flag_clear << 8) + steps);
  }
}

}  // namespace trapline::whole
