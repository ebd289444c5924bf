// Labels, relaxation and directives: what stands at which address.
#include "isa/assembler.h"

#include <doctest/doctest.h>

#include "isa/decode.h"

using namespace trapline;

namespace {

constexpr u64 origin = 0x1000;

isa::Assembly made(std::string_view text, u64 at = origin) {
  Result<isa::Assembly> assembly = isa::assemble(text, at);
  REQUIRE_MESSAGE(assembly.ok(), (assembly.ok() ? "" : assembly.error().sentence));
  return std::move(*assembly);
}

std::vector<u8> bytes_of(std::string_view text) { return made(text).bytes; }

using Bytes = std::vector<u8>;

std::string forward_over(std::string_view branch, unsigned gap) {
  return std::string(branch) + " target\ntimes " + std::to_string(gap) + " nop\ntarget: hlt\n";
}
std::string backward_over(std::string_view branch, unsigned gap) {
  return "target: times " + std::to_string(gap) + " nop\n" + std::string(branch) + " target\n";
}
std::size_t branch_length(const std::string& text, unsigned others) { return bytes_of(text).size() - others; }

}  // namespace

TEST_CASE("an empty source is empty, and comments and blank lines are nothing") {
  CHECK(bytes_of("").empty());
  CHECK(bytes_of("; only\n\n  # this\r\n\t\n").empty());
  CHECK(bytes_of("nop ; trailing\nnop # too\n") == Bytes{0x90, 0x90});
  CHECK(bytes_of("db ';', '#' ; a comment") == Bytes{';', '#'});
}

TEST_CASE("labels have addresses, lines have numbers") {
  const isa::Assembly assembly = made("start: nop\nempty:\n\nnext: also: mov rax, next\n  .inner: hlt\nlast:");
  CHECK(assembly.labels.at("start") == 0x1000);
  CHECK(assembly.labels.at("empty") == 0x1001);
  CHECK(assembly.labels.at("next") == 0x1001);
  CHECK(assembly.labels.at("also.inner") == 0x1008);
  CHECK(assembly.labels.at("last") == 0x1009);
  CHECK(assembly.labels.size() == 6);
  CHECK(assembly.lines == std::map<u64, unsigned>{{0x1000, 1}, {0x1001, 4}, {0x1008, 5}});
}

TEST_CASE("local labels belong to the label before them") {
  const Bytes expected{0xeb, 0xfe, 0xeb, 0xfe, 0xeb, 0xfa};
  CHECK(bytes_of("a:\n.l: jmp .l\nb:\n.l: jmp .l\njmp a.l") == expected);
}

TEST_CASE("forward branches are short up to 127 bytes") {
  for (const std::string_view branch : {"jmp", "jz"}) {
    const unsigned near_length = branch == "jmp" ? 5 : 6;
    CHECK(branch_length(forward_over(branch, 127), 128) == 2);
    CHECK(branch_length(forward_over(branch, 128), 129) == near_length);
  }
  CHECK(branch_length(forward_over("call", 0), 1) == 5);
  CHECK(branch_length(forward_over("jmp near", 0), 1) == 5);
  CHECK(branch_length(forward_over("loop", 127), 128) == 2);
  CHECK(isa::assemble(forward_over("jmp short", 127), origin).ok());
  CHECK(!isa::assemble(forward_over("jmp short", 128), origin).ok());
  CHECK(!isa::assemble(forward_over("jrcxz", 128), origin).ok());
}

TEST_CASE("backward branches are short down to -128 bytes, their own length included") {
  CHECK(branch_length(backward_over("jmp", 126), 126) == 2);
  CHECK(branch_length(backward_over("jmp", 127), 127) == 5);
  CHECK(branch_length(backward_over("jnz", 127), 127) == 6);
  const Bytes last = bytes_of(backward_over("jmp", 126));
  CHECK(last.back() == 0x80);
}

TEST_CASE("a branch that grows makes others grow") {
  // 20 branches, each over the next: only when the last one turns near does the one before it stop fitting.
  std::string text;
  for (int i = 0; i < 20; ++i) text += "jmp l" + std::to_string(i) + "\ntimes 5 nop\n";
  text += "times 30 nop\n";
  for (int i = 0; i < 20; ++i) text += "l" + std::to_string(i) + ": nop\n";
  const isa::Assembly assembly = made(text);
  std::span<const u8> rest = assembly.bytes;
  u64 at = origin;
  unsigned jumps = 0;
  while (!rest.empty()) {
    const isa::Decoded decoded = isa::decode(rest);
    REQUIRE(decoded.status == isa::DecodeStatus::ok);
    at += decoded.instruction.length;
    if (decoded.instruction.operand(0).kind == isa::OperandKind::relative) {
      const u64 target = at + static_cast<u64>(decoded.instruction.operand(0).immediate);
      CHECK(target == assembly.labels.at("l" + std::to_string(jumps++)));
      const bool fits =
          decoded.instruction.operand(0).immediate == static_cast<i8>(decoded.instruction.operand(0).immediate);
      CHECK((decoded.instruction.length == 2) == fits);
    }
    rest = rest.subspan(decoded.instruction.length);
  }
  CHECK(jumps == 20);
}

TEST_CASE("branches behind one that grows stay short where they reach") {
  const std::string many_near = "times 60 jmp far_end\n";  // 300 bytes where the first pass saw 120
  const isa::Assembly assembly = made(many_near + "jmp here\nnop\nhere: times 200 nop\nfar_end:");
  CHECK(assembly.labels.at("here") == origin + 300 + 2 + 1);
}

TEST_CASE("twenty thousand branches over a hundred others each come to rest") {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "jmp l" + std::to_string(i + 100) + "\nl" + std::to_string(i) + ":\n";
  for (int i = 20'000; i < 20'100; ++i) text += "l" + std::to_string(i) + ":\n";
  // The last 64 reach the end in 127 bytes by short forms.
  CHECK(bytes_of(text).size() == (20'000 - 64) * 5 + 64 * 2);
}

TEST_CASE("a label before a branch that grows moves what lies behind") {
  const isa::Assembly assembly = made("jmp over\nmid: times 128 nop\nover: dq mid, over");
  CHECK(assembly.labels.at("mid") == 0x1005);
  CHECK(assembly.labels.at("over") == 0x1085);
  CHECK(assembly.bytes[assembly.bytes.size() - 16] == 0x05);
  CHECK(assembly.bytes[assembly.bytes.size() - 8] == 0x85);
}

TEST_CASE("data of every width, strings, labels and expressions") {
  CHECK(bytes_of("db 1, -1, 255, 'a', \"bc\", 'd' + 1") == Bytes{1, 0xff, 0xff, 'a', 'b', 'c', 'e'});
  CHECK(bytes_of("dw 0x1234, -2, 'abc'") == Bytes{0x34, 0x12, 0xfe, 0xff, 'a', 'b', 'c', 0});
  CHECK(bytes_of("dd 0xffffffff, -2147483648") == Bytes{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x80});
  CHECK(bytes_of("here: dq here, 0xffff_ffff_ffff_ffff") ==
        Bytes{0, 0x10, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  CHECK(bytes_of("text db \"it's\"").size() == 4);
  CHECK(bytes_of("a db 1\nb db b - a") == Bytes{1, 1});
  CHECK(bytes_of("db end - $$, $ - $$\nend:") == Bytes{2, 0});
}

TEST_CASE("align, times and org place what follows") {
  CHECK(bytes_of("db 1\nalign 4\ndb 2") == Bytes{1, 0x90, 0x90, 0x90, 2});
  CHECK(bytes_of("db 1\nalign 4, 0\nalign 4\ndb 2") == Bytes{1, 0, 0, 0, 2});
  CHECK(bytes_of("times 3 db 7, 8") == Bytes{7, 8, 7, 8, 7, 8});
  CHECK(bytes_of("times 0 nop\nhlt") == Bytes{0xf4});
  CHECK(bytes_of("times 2 jmp $") == Bytes{0xeb, 0xfe, 0xeb, 0xfe});
  CHECK(bytes_of("nop\ntimes 8-($-$$) db 0\nhlt") == Bytes{0x90, 0, 0, 0, 0, 0, 0, 0, 0xf4});
  CHECK(bytes_of("nop\norg 0x1004\nhlt") == Bytes{0x90, 0, 0, 0, 0xf4});
  CHECK(made("align 16\na: nop", 0x1008).labels.at("a") == 0x1010);
}

TEST_CASE("constants stand for numbers and for addresses, before and after their use") {
  CHECK(bytes_of("db size\nsize equ end - $$\ndb 9\nend:") == Bytes{2, 9});
  CHECK(bytes_of("times count nop\ncount equ 1 << 1") == Bytes{0x90, 0x90});
  CHECK(bytes_of("port equ 0xe9\nout port, al") == Bytes{0xe6, 0xe9});
  // A constant that is an address is RIP-relative as the label would be; a difference is not.
  CHECK(bytes_of("mov rcx, [alias]\ndata: dq 0\nalias equ data")[2] == 0x0d);
  CHECK(bytes_of("mov rcx, [b - a]\na: nop\nb:")[2] == 0x0c);
  CHECK(made("mov rax, 5\nx equ 3").labels.empty());
}

TEST_CASE("memory at a label is RIP-relative unless said otherwise") {
  CHECK(bytes_of("mov rcx, [data]\ndata:") == Bytes{0x48, 0x8b, 0x0d, 0, 0, 0, 0});
  CHECK(bytes_of("mov rcx, [data + 8]\ndata:") == Bytes{0x48, 0x8b, 0x0d, 8, 0, 0, 0});
  CHECK(bytes_of("mov rcx, [rip + data]\ndata:") == Bytes{0x48, 0x8b, 0x0d, 0, 0, 0, 0});
  CHECK(bytes_of("mov byte [data], 1\ndata:") == Bytes{0xc6, 0x05, 0, 0, 0, 0, 1});  // from the instruction's end
  CHECK(bytes_of("mov rcx, [abs data]\ndata:") == Bytes{0x48, 0x8b, 0x0c, 0x25, 0x08, 0x10, 0, 0});
  CHECK(bytes_of("mov rcx, fs:[data]\ndata equ 8") == Bytes{0x64, 0x48, 0x8b, 0x0c, 0x25, 8, 0, 0, 0});
  CHECK(bytes_of("mov rcx, [rbx + data]\ndata:") == Bytes{0x48, 0x8b, 0x8b, 0x07, 0x10, 0, 0});
  CHECK(bytes_of("mov rdi, data\ndata:") == Bytes{0x48, 0xc7, 0xc7, 0x07, 0x10, 0, 0});
  CHECK(made("mov rdi, data\ndata:", u64{1} << 40).bytes.size() == 10);
  CHECK(made("lea rdi, [data]\ndata:", 0xffff'ffff'8000'0000).bytes == Bytes{0x48, 0x8d, 0x3d, 0, 0, 0, 0});
}
