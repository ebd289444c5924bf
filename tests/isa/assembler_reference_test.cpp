// The assembler against GNU as: the same lines through both, each in a slot of 16 bytes, and what the slots decode to.
// Where one instruction has two encodings the two may choose differently, so texts are compared, not bytes.
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <unistd.h>

#include "isa/assembler.h"
#include "isa/decode.h"

using namespace trapline;

namespace {

constexpr std::size_t slot = 16;
constexpr u64 origin = 0;  // as counts from 0

// Instructions whose operands do not vary, in spelling that both know, parted by |.
constexpr std::string_view fixed_lines = R"(
cli | sti | hlt | clts | wbinvd | invd | rdmsr | wrmsr | rdtsc | rdtscp | cpuid | syscall | sysretq | iretq |
iretd | int3 | pushfq | popfq | swapgs | vmcall | vmlaunch | vmresume | xsetbv | xgetbv | nop | pause | cld |
std | clc | stc | cmc | leave | ret | ret 8 | ret 0xfff8 | ud2 | rdpmc | rsm | lahf | sahf | cbw | cwde | cdqe |
cwd | cdq | cqo | mfence | lfence | sfence | monitor | mwait | in al, dx | in ax, dx | in eax, dx | in al, 0x80 |
in eax, 255 | out dx, al | out dx, eax | out 0x60, al | insb | insw | insd | outsb | outsw | outsd | rep insb |
rep outsb | rep movsb | rep stosq | repe cmpsb | repne scasb | movsb | movsw | movsd | movsq | lodsb | stosd |
scasw | cmpsq | lgdt [rbx] | lidt [rbx+8] | sgdt [rsp] | sidt [r13] | lldt ax | ltr cx | sldt ecx | sldt ax |
str ebx | str word ptr [rbx] | smsw rax | smsw ax | lmsw ax | lmsw word ptr [rbx] | verr ax | verw cx |
verr word ptr [rbx] | lar rax, rbx | lar eax, ebx | lsl ax, bx | lsl r9, r10 | invlpg [rax] | invlpg [r12+rcx*4] |
invpcid rax, [rbx] | invept rax, [rbx] | invvpid rcx, [rbx] | mov cr0, rax | mov rax, cr0 | mov rbx, cr2 |
mov cr3, rcx | mov r9, cr4 | mov cr8, rax | mov rax, cr8 | mov dr7, rax | mov r10, dr6 | mov rax, dr0 |
mov ax, ds | mov eax, es | mov edx, ss | mov ds, ax | mov ss, ecx | mov fs, word ptr [rbx] | push fs | pop gs |
push 5 | push -1 | push 0x1234 | push rax | pop r15 | push qword ptr [rbx] | pop qword ptr [rsp+8] | push ax |
xchg eax, eax | xchg rcx, rbx | xchg rbx, [rcx] | xchg [rcx], bl | test eax, [rbx] | mov ah, 5 | add ch, ah |
mov eax, 0xffffffff | mov rax, -1 | mov rax, 0x7fffffff | mov rax, 0x80000000 | mov rax, 0x123456789abcdef0 |
add al, 0xff | add ax, 0xffff | add eax, 0xffffffff | and rax, -16 | sub rsp, 128 | sub rsp, -128 | cmp al, 'a' |
imul eax, 5 | imul rax, rbx, 1000 | imul ax, bx, 0xffff | imul rcx | mul dword ptr [rbx] | div rcx | neg al |
shl eax, 1 | shl rax, 63 | sar byte ptr [rbx], cl | rol bx, 3 | shld rax, rbx, cl | shrd eax, ebx, 4 |
movzx eax, byte ptr [rbx] | movzx rax, bx | movsx rax, bl | movsxd rax, ebx | movsxd rcx, dword ptr [rbx] |
lea rax, [rbx+rcx*8+1000] | lea eax, [rsp] | lea r9, [r13] | lea rdi, [rbp] | lea rsi, [r12] | lea rax, [rcx*4] |
bt rax, 5 | bts dword ptr [rbx], 31 | btr rax, rcx | bsf rax, rbx | bsr eax, [rbx] | popcnt rax, rbx |
cmpxchg [rbx], rcx | lock cmpxchg [rbx], rcx | lock xadd [rbx], eax | lock inc qword ptr [rbx] |
lock cmpxchg16b [rbx] | sete al | setnae byte ptr [rbx] | cmovge rax, rbx | cmovpe ecx, [rdx] | bswap rax |
call rax | jmp r9 | call [rbx] | jmp [rbx+rcx*8] | enter 16, 0 | int 0x80 | mov rcx, fs:[0x10] |
mov gs:[rbx], al | mov rcx, cs:[rbx] | mov ds:[rbx], rcx | mov eax, [ebx+ecx*2] | mov eax, [ebx+0x7fffffff] |
vmread rax, rbx | vmwrite rbx, [rcx] | vmptrld [rbx] | vmxon [rbx] | vmclear [rbx] | movaps xmm0, xmm1 |
movdqu xmm9, [rbx] | movq rax, xmm3 | fxsave [rbx] | clflush [rbx] | rdgsbase rax | wrfsbase rcx | rdrand rax
)";

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out{""};
  for (const char letter : text) {
    if (letter == '|') {
      out.emplace_back();
    } else if (letter != '\n') {
      out.back() += letter;
    }
  }
  return out;
}

struct Chance {
  std::mt19937_64 random{20};
  u64 below(u64 limit) { return random() % limit; }
  bool once_in(u64 times) { return below(times) == 0; }
};

constexpr std::string_view registers[4][16] = {
    {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"},
    {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"},
    {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d",
     "r15d"},
    {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"}};
constexpr std::string_view size_words[] = {"byte", "word", "dword", "qword"};

std::string reg(Chance& chance, unsigned width) { return std::string(registers[width][chance.below(16)]); }

std::string memory(Chance& chance, unsigned width) {
  const unsigned address = chance.once_in(6) ? 2 : 3;
  std::string out = std::string(size_words[width]) + " ptr ";
  if (chance.once_in(6)) out += chance.once_in(2) ? "fs:" : "gs:";
  out += "[" + reg(chance, address);
  if (chance.once_in(2)) {
    unsigned index = static_cast<unsigned>(chance.below(16));
    if (index == 4) index = 5;
    out += "+" + std::string(registers[address][index]) + "*" + std::to_string(u64{1} << chance.below(4));
  }
  const i64 displacement = static_cast<i32>(chance.random()) >> (8 * chance.below(4));
  if (chance.once_in(2)) out += (displacement < 0 ? "-" : "+") + std::to_string(std::abs(displacement));
  return out + "]";
}

std::string number(Chance& chance, unsigned width) {
  const i64 value = static_cast<i32>(chance.random()) >> (8 * chance.below(4));
  if (width == 0) return std::to_string(static_cast<i8>(value));
  return std::to_string(width == 1 ? static_cast<i16>(value) : value);
}

std::string random_line(Chance& chance) {
  constexpr std::string_view two[] = {"mov", "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp", "test"};
  constexpr std::string_view one[] = {"inc", "dec", "neg", "not", "mul", "imul", "div", "idiv"};
  constexpr std::string_view shifts[] = {"shl", "shr", "sar", "rol", "ror", "rcl", "rcr"};
  const unsigned width = static_cast<unsigned>(chance.below(4));
  const auto place = [&] { return chance.once_in(2) ? memory(chance, width) : reg(chance, width); };
  if (chance.once_in(5)) return std::string(one[chance.below(8)]) + " " + place();
  if (chance.once_in(5))
    return std::string(shifts[chance.below(7)]) + " " + place() + ", " + std::to_string(chance.below(64));
  const std::string name(two[chance.below(10)]);
  switch (chance.below(4)) {
    case 0:
      return name + " " + reg(chance, width) + ", " + reg(chance, width);
    case 1:
      return name + " " + reg(chance, width) + ", " + memory(chance, width);
    case 2:
      return name + " " + memory(chance, width) + ", " + reg(chance, width);
    default:
      return name + " " + place() + ", " + number(chance, width);
  }
}

std::vector<u8> contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool has_binutils() { return std::system("as --version >/dev/null 2>&1 && objcopy --version >/dev/null 2>&1") == 0; }

// What GNU as makes of the lines, slot by slot.
std::vector<u8> reference(const std::vector<std::string>& lines) {
  const auto stem = std::filesystem::temp_directory_path() / ("assembler-reference-" + std::to_string(getpid()));
  const std::string name = stem.string();
  {
    std::ofstream out(name + ".s");
    out << ".intel_syntax noprefix\n";
    for (const std::string& line : lines) out << ".balign 16, 0x90\n" << line << "\n";
    out << ".balign 16, 0x90\n";
  }
  const std::string command =
      "as -o '" + name + ".o' '" + name + ".s' && objcopy -O binary -j .text '" + name + ".o' '" + name + ".bin'";
  const int status = std::system(command.c_str());
  std::vector<u8> bytes = contents(name + ".bin");
  for (const char* ending : {".s", ".o", ".bin"}) std::filesystem::remove(name + ending);
  REQUIRE(status == 0);
  return bytes;
}

std::vector<u8> ours(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "align 16\n" + line + "\n";
  const Result<isa::Assembly> assembly = isa::assemble(text + "align 16\n", origin);
  REQUIRE_MESSAGE(assembly.ok(), (assembly.ok() ? "" : assembly.error().sentence));
  return assembly->bytes;
}

// How many lines come out in the same bytes; every line must come out as the same instruction.
std::size_t compare(const std::vector<std::string>& lines) {
  const std::vector<u8> expected = reference(lines);
  const std::vector<u8> found = ours(lines);
  REQUIRE(expected.size() == lines.size() * slot);
  REQUIRE(found.size() == lines.size() * slot);
  std::size_t same = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::span<const u8> left = std::span(expected).subspan(i * slot, slot);
    const std::span<const u8> right = std::span(found).subspan(i * slot, slot);
    const std::size_t length = isa::decode(left).instruction.length;
    same += std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(length), right.begin()) ? 1 : 0;
    CHECK_MESSAGE(isa::text(left, i * slot) == isa::text(right, i * slot), lines[i]);
  }
  return same;
}

}  // namespace

TEST_CASE("fixed lines come out as GNU as makes them") {
  if (!has_binutils()) {
    MESSAGE("left out: no binutils on this host");
    return;
  }
  const std::vector<std::string> lines = split(fixed_lines);
  const std::size_t same = compare(lines);
  MESSAGE(same << " of " << lines.size() << " in the same bytes");
  CHECK(same * 100 >= lines.size() * 85);
}

TEST_CASE("600 seeded lines with random operands come out as GNU as makes them") {
  if (!has_binutils()) {
    MESSAGE("left out: no binutils on this host");
    return;
  }
  Chance chance;
  std::vector<std::string> lines;
  while (lines.size() < 600) lines.push_back(random_line(chance));
  const std::size_t same = compare(lines);
  MESSAGE(same << " of " << lines.size() << " in the same bytes");
  CHECK(same * 100 >= lines.size() * 70);
}
