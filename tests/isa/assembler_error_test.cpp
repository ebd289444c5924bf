// What the assembler says when a line is wrong, and that no source makes it stumble.
#include <doctest/doctest.h>
#include <random>

#include "isa/assembler.h"

using namespace trapline;

namespace {

std::string error_of(std::string_view text) {
  const Result<isa::Assembly> assembly = isa::assemble(text, 0x1000);
  if (assembly.ok()) return "no error";
  CHECK(assembly.error().kind == ErrorKind::usage);
  CHECK(assembly.error().sentence.find('\n') == std::string::npos);
  return assembly.error().sentence;
}

struct Wrong {
  std::string_view source, says;
};

constexpr Wrong wrong_lines[] = {
    {"nop\nmoov rax, rbx", "line 2: 'moov rax, rbx': 'moov' is no instruction or directive; did you mean mov?"},
    {"alin 4", "'alin' is no instruction or directive; did you mean align"},
    {"mov eax, rbx", "line 1: 'mov eax, rbx': the registers differ in size, and mov takes two of one size"},
    {"mov [rax], 5", "the size of the memory operand is open; write byte, word, dword or qword before '['"},
    {"mov [rax], [rbx]", "at most one operand may lie in memory; go through a register"},
    {"lgdt rax", "lgdt does not take these operands; it takes [mem]"},
    {"hlt 5", "hlt does not take these operands; it takes none"},
    {"in bl, dx", "in does not take these operands; it takes al/ax/eax/rax, number | al/ax/eax/rax, dx"},
    {"add al, 300", "(the number here is 300)"},
    {"mov eax, dword 5", "a size word stands before a memory operand, not before a number"},
    {"mov eax, qword rbx", "the registers differ in size"},
    {"mov byte eax, 5", "the size word contradicts the register behind it; leave it out"},
    {"lock add eax, ebx", "lock goes only before an instruction that reads and writes memory"},
    {"rep add eax, ebx", "repeat prefixes go only before string instructions"},
    {"rep", "an instruction should stand behind the prefix"},
    {"jmp lokk\nother:\nlook:", "'lokk' is no register, label or constant; did you mean look"},
    {"a: nop\na: nop", "line 2: 'a: nop': 'a' is already defined in line 1"},
    {"rax: nop", "'rax' is a word of the language and cannot be a label"},
    {"db equ 5", "'db' is a word of the language and cannot be a constant"},
    {"mov eax, %ebx", "'%' is of another syntax; Intel's writes registers without it"},
    {"mov eax, {", "'{' has no meaning here; comments begin with ';' or '#'"},
    {"mov eax, 0x", "'0x' is no number; write 10, 0x1f or 0b101"},
    {"mov eax, 12ab", "'12ab' is no number"},
    {"dq 0x1ffffffffffffffff", "'0x1ffffffffffffffff' does not fit 64 bits"},
    {"db 'abc", "the string ''abc' is not closed"},
    {"mov eax, 'abcdefghi'", "'abcdefghi' is no number: 1 to 8 characters make one"},
    {"mov eax, (1 + 2", "a ')' is missing before the end of the line"},
    {"mov eax, 1 +", "a number or a label should stand before the end of the line"},
    {"mov eax, 1 + rbx", "the register 'rbx' cannot be part of a number"},
    {"mov eax,", "an operand should stand behind the last ','"},
    {"mov eax ebx", "'ebx' is one too many; the line ends before it"},
    {"mov eax, [rbx", "'+', '-' or ']' should stand before the end of the line"},
    {"mov eax, [rbx - rcx]", "a register cannot be subtracted in an address"},
    {"mov eax, [rbx + rcx*3]", "a scale is 1, 2, 4 or 8, not 3"},
    {"mov eax, [rbx + rcx + rdx]", "'rdx' is one too many"},
    {"mov eax, [bx]", "'bx' cannot hold an address; 64-bit or 32-bit registers can"},
    {"mov eax, [rbx + ecx]", "base and index differ in size"},
    {"mov eax, [rbx + rsp*2]", "the stack pointer cannot be an index"},
    {"mov eax, [rel rbx]", "rel goes with a label alone"},
    {"mov eax, [rip + rbx]", "rip"},
    {"mov eax, rbx:[5]", "'rbx' is no segment register"},
    {"mov eax, [rbx + 0x100000000]", "the displacement 4294967296 does not fit 32 signed bits"},
    {"mov ecx, [abs 0xfee00000]", "the displacement 4276092928 does not fit 32 signed bits"},
    {"jmp short a\ntimes 200 nop\na:", "the target is 198 bytes away, and a short branch reaches -128 to 127"},
    {"call short a\na:", "call has no such form"},
    {"jmp 0x1000000000000", "the target is more than 2 GiB away"},
    {"mov rcx, [rel 0x1000000000000]", "the label is more than 2 GiB away"},
    {"jmp 8:0x1000", "':' is one too many"},
    {"mov eax, far 5", "short, near and far stand only before the target of a branch"},
    {"db 256", "256 does not fit 1 byte; take a wider directive"},
    {"db -129", "-129 does not fit 1 byte"},
    {"dw 65536", "65536 does not fit 2 bytes"},
    {"align 3", "align takes a power of two up to 1048576, not 3"},
    {"align 8, 256", "align fills with one byte, 0 to 255"},
    {"times -1 nop", "times repeats 0 to 1048576 times, not -1"},
    {"times 2 align 4", "times repeats an instruction or data, not align"},
    {"times 2 times 2 nop", "times repeats an instruction or data, not times"},
    {"times 5", "behind times and its count the instruction or data to repeat stands"},
    {"nop\norg 0x500", "org only goes forward, by at most 1 MiB: here is 0x1001, and it asks for 0x500"},
    {"times 1048576 dw 0", "the output grows beyond 1 MiB here"},
    {"x equ x + 1\ndb x", "the addresses do not come to rest here"},
    {"times 2 - (end - $$) nop\nend:", "the addresses do not come to rest here"},
    {"5 nop", "a line begins with a label, a directive or an instruction, not with '5'"},
    {"mov rax, rbx, rcx, rdx, rsi", "an instruction takes at most 4 operands"},
};

// Never more than this for a source that only wants to cost; far below what a bound that fails would make.
void survives(const std::string& text) {
  const Result<isa::Assembly> assembly = isa::assemble(text, 0x1000);
  if (!assembly) {
    CHECK(assembly.error().sentence.starts_with("line "));
    CHECK(assembly.error().sentence.size() < 600);
  } else {
    CHECK(assembly->bytes.size() <= isa::longest_output);
  }
}

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string out;
  while (out.size() + piece.size() <= bytes) out += piece;
  return out;
}

}  // namespace

TEST_CASE("every error names the line, what stands there and what would be right") {
  for (const Wrong& each : wrong_lines) {
    const std::string sentence = error_of(each.source);
    CHECK_MESSAGE(sentence.find(each.says) != std::string::npos, std::string(each.source) << " -> " << sentence);
    if (each.says != "no error") CHECK(sentence.starts_with("line "));
  }
}

TEST_CASE("nothing that a terminal would obey gets into a sentence") {
  const std::string sentence = error_of("mov \x1b[31m\x80, rax");
  for (const char letter : sentence) CHECK((letter >= ' ' && letter <= '~'));
}

TEST_CASE("sources that want to cost are cut short") {
  survives(std::string(isa::longest_source + 1, ' '));
  survives("mov rax, " + std::string(500'000, '('));
  survives("mov rax, " + std::string(500'000, '-') + "1");
  survives("dq " + repeated("1+", 900'000) + "1");
  survives("times 1000000 dq " + repeated("$+", 100'000) + "1");
  survives("mov rax, [" + repeated("rbx+", 900'000) + "1]");
  survives("mov rax, " + repeated("rbx,", 900'000) + "1");
  survives(std::string(900'000, 'a') + ": nop");
  survives(repeated("l:", 900'000));
  survives("times 1000000 jmp $");
  survives("times 1000000 jmp end\nend:");
  survives("times 1000000 db ''\ntimes 1000000 dq 0");
  survives(repeated("times 1000000 db ''\n", 900'000));
  survives(repeated("align 1048576\ndb 1\n", 10'000));
  survives(repeated("add ax,end\n", 900'000) + "end:");
  survives(std::string(900'000, '\n') + "oops");
}

TEST_CASE("chains of labels and constants come to rest or end in a sentence") {
  std::string jumps, constants, outer(100, 'o');
  for (int i = 0; i < 20'000; ++i) jumps += "jmp l" + std::to_string(i + 100) + "\nl" + std::to_string(i) + ":\n";
  for (int i = 20'000; i < 20'100; ++i) jumps += "l" + std::to_string(i) + ":\n";
  survives(jumps);
  for (int i = 0; i < 20'000; ++i)
    constants += "c" + std::to_string(i) + " equ c" + std::to_string(i + 1) + "+c" + std::to_string(i + 1) + "\n";
  survives(constants + "c20000 equ 1\n");
  outer += ":\n";
  for (int i = 0; i < 50'000; ++i) outer += ".l" + std::to_string(i) + ":\n";
  survives(outer);
}

TEST_CASE("random sources never make it stumble") {
  constexpr std::string_view pieces[] = {"mov",  "rax",   "[",   "]",   "+",   "-",     "*",     ",",    ":",   "label",
                                         "0x10", "8",     "'a'", "db",  "dq",  "times", "align", "org",  "equ", "\n",
                                         "fs",   "qword", "ptr", "rel", "abs", "jmp",   "short", "far",  "rep", "lock",
                                         "$",    "$$",    "(",   ")",   "<<",  "~",     "cr3",   "lgdt", ".x",  "push",
                                         "-1",   "rsp",   "rip", "eax", "al",  "call",  "ret",   "in",   "dx",  "xmm0"};
  std::mt19937_64 random(5);
  for (int i = 0; i < 4'000; ++i) {
    std::string text;
    for (u64 words = random() % 24; words > 0; --words) {
      text += pieces[random() % std::size(pieces)];
      if (random() % 3 != 0) text += ' ';
      if (random() % 40 == 0) text += static_cast<char>(random());
    }
    survives(text);
  }
}
