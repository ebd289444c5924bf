// Translation, row by row: guest bytes in; bytes, what they stand for, and the ways out of them.
//
// The bytes on the right are worked out by hand from SDM vol. 2 ("Instruction Format", chapters 3 to 6). Random bytes
// then meet what must hold of every block.
#include "technique/full/translator.h"

#include <doctest/doctest.h>
#include <optional>
#include <random>
#include <string>

#include "isa/decode.h"

namespace trapline::technique::full {
namespace {

constexpr u64 here = 0x100000;

std::vector<u8> bytes_of(std::string_view hex) {
  std::vector<u8> bytes;
  std::string digits;
  for (const char digit : hex)
    if (digit != ' ') digits += digit;
  for (std::size_t at = 0; at < digits.size(); at += 2)
    bytes.push_back(static_cast<u8>(std::stoul(digits.substr(at, 2), nullptr, 16)));
  return bytes;
}

std::string hex_of(std::span<const u8> bytes) {
  std::string text;
  for (const u8 byte : bytes) text += "0123456789abcdef"[byte >> 4], text += "0123456789abcdef"[byte & 15];
  return text;
}

std::string hex_of(u64 number) {
  char text[20];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(number));
  return text;
}

// "0 instruction 1 100000, ...": offset, kind, weight, RIP.
std::string text_of(const std::vector<Site>& sites) {
  static constexpr const char* kinds[] = {"instruction", "callout", "after_push", "exit"};
  std::string text;
  for (const Site& site : sites)
    text += (text.empty() ? "" : ", ") + std::to_string(site.offset) + " " + kinds[static_cast<unsigned>(site.kind)] +
            " " + std::to_string(site.weight) + " " + hex_of(site.rip);
  return text;
}

// "2>6 100001, ...": where the rel32 stands, its stub, its target.
std::string text_of(const std::vector<BlockExit>& exits) {
  std::string text;
  for (const BlockExit& exit : exits)
    text += (text.empty() ? "" : ", ") + std::to_string(exit.displacement) + ">" + std::to_string(exit.stub) + " " +
            hex_of(exit.target);
  return text;
}

struct Row {
  std::string name;
  u64 rip;
  std::string guest, code, sites, exits;
  unsigned guest_bytes;
};

void check(const Row& row) {
  CAPTURE(row.name);
  const TranslatedBlock block = translate(row.rip, bytes_of(row.guest));
  CHECK(hex_of(block.code) == hex_of(bytes_of(row.code)));
  CHECK(text_of(block.sites) == row.sites);
  CHECK(text_of(block.exits) == row.exits);
  CHECK(block.rip == row.rip);
  CHECK(block.guest_bytes == row.guest_bytes);
}

// ---- where blocks end ----------------------------------------------------------------------------------------------
TEST_CASE("a block ends with its bytes, behind a privileged instruction, and at whatever is no instruction") {
  const Row rows[] = {
      {"the bytes end", here, "90", "90 e9 00000000 0f0b", "0 instruction 1 100000, 1 exit 0 100001, 6 exit 0 100001",
       "2>6 100001", 1},
      {"privileged", here, "90 fa 90", "90 fa", "0 instruction 1 100000, 1 instruction 1 100001", "", 2},
      {"sensitive", here, "90 9c 90", "90 0f0b", "0 instruction 1 100000, 1 callout 0 100001", "", 2},
      {"split over the end", here, "90 488b", "90 0f0b", "0 instruction 1 100000, 1 callout 0 100001", "", 2},
      {"only prefixes", here, "6666", "0f0b", "0 callout 0 100000", "", 1},
      {"PUSH ES, not in 64-bit mode", here, "06 90", "0f0b", "0 callout 0 100000", "", 1},
      {"sixteen bytes", here, "66666666666666666666666666666690", "0f0b", "0 callout 0 100000", "", 1},
      {"UD2 of the guest's own", here, "0f0b", "0f0b e9 00000000 0f0b",
       "0 instruction 1 100000, 2 exit 0 100002, 7 exit 0 100002", "3>7 100002", 2},
  };
  for (const Row& row : rows) check(row);
}

TEST_CASE("a block has at most its number of instructions, and goes on behind them") {
  const std::vector<u8> nops(longest_block + 9, 0x90);
  const TranslatedBlock block = translate(here, nops);
  CHECK(block.instructions == longest_block);
  CHECK(block.copied == longest_block);
  CHECK(block.guest_bytes == longest_block);
  CHECK(text_of(block.exits) == "33>37 100020");
}

// ---- what is copied and what is not --------------------------------------------------------------------------------
TEST_CASE("what traps at CPL 3 by itself is copied and ends the block") {
  for (const std::string hex :
       {"fa",     "fb",     "f4",     "e420",   "ec",     "e620",   "ef",     "6c",     "f36e",   "0f06",
        "0f01f0", "0f0110", "0f0118", "0f00d0", "0f00d8", "0f0138", "0f32",   "0f30",   "0f22d8", "0f20c0",
        "0f23f8", "0f21f0", "0f01f8", "0f08",   "0f09",   "480f07", "0f01ca", "0f01cb", "0f01d1", "440f22c0"}) {
    CAPTURE(hex);
    const TranslatedBlock block = translate(here, bytes_of(hex + "9090"));
    CHECK(hex_of(block.code) == hex);
    CHECK(text_of(block.sites) == "0 instruction 1 100000");
    CHECK(block.copied == 1);
    CHECK(block.callouts == 0);
    CHECK(block.guest_bytes == hex.size() / 2);
  }
}

TEST_CASE("sensitive instructions that CPL 3 does not notice, and branches to unknown places, are callouts") {
  for (const std::string hex :
       {"9c",     "9d",     "669c",   "0f0100", "0f0108",   "0f00c0",   "0f01e0",      "0f00c8", "0fa2",   "0f31",
        "0f01f9", "8cd8",   "8ed8",   "0fa0",   "0fa8",     "0fa1",     "0fa9",        "0f02c0", "0f03c0", "0f00e0",
        "0f00e8", "48cf",   "cf",     "cc",     "cd80",     "f1",       "0f05",        "cb",     "ca0800", "ff28",
        "ff18",   "0fb200", "0fb400", "0fb500", "0f33",     "0f01c8",   "0f01c9",      "c3",     "c20800", "ffe0",
        "ffd0",   "ff20",   "ff10",   "41ffe3", "f30faec0", "f30faed8", "c7f800000000"}) {
    CAPTURE(hex);
    const TranslatedBlock block = translate(here, bytes_of(hex + "9090"));
    CHECK(hex_of(block.code) == "0f0b");
    CHECK(text_of(block.sites) == "0 callout 0 100000");
    CHECK(block.exits.empty());
    CHECK(block.copied == 0);
    CHECK(block.callouts == 1);
    CHECK(block.guest_bytes == hex.size() / 2);
  }
}

// ---- addresses relative to RIP -------------------------------------------------------------------------------------
// One instruction of `guest`, whose copy is `copied`; "0f0b" where it is a callout.
struct RipRelative {
  std::string name;
  u64 rip;
  std::string guest, copied;
};

TEST_CASE("operands relative to RIP become absolute where the encoding holds them") {
  const RipRelative rows[] = {
      {"MOV RAX, [RIP+0x10]", here, "488b05 10000000", "488b0425 17001000"},
      {"backwards", here, "488b05 f0ffffff", "488b0425 f7ff0f00"},
      {"LEA RDX", here, "488d15 00000000", "488d1425 07001000"},
      {"REX.R and B", here, "4d8b05 00000000", "4d8b0425 07001000"},
      {"an immediate behind", here, "488105 00000000 44332211", "48810425 0b001000 44332211"},
      {"PUSH", here, "ff35 00000000", "ff3425 06001000"},
      {"GS", here, "65488b05 00000000", "65488b0425 08001000"},
      {"the upper 2 GiB", 0xffffffff80000000, "488b05 00000000", "488b0425 07000080"},
      {"fifteen bytes then", here, "3e3e3e 488105 00000000 44332211", "3e3e3e 48810425 0e001000 44332211"},
      {"sixteen bytes then", here, "3e3e3e3e 488105 00000000 44332211", "0f0b"},
      {"a 32-bit address", here, "67488b05 00000000", "0f0b"},
      {"over the lower 2 GiB", 0x7ffffff0, "488b05 10000000", "0f0b"},
      {"the middle of memory", 0xffff800000100000, "488b05 00000000", "0f0b"},
      // Without SIB byte REX.X means nothing; with one it would make R12 the index.
      {"REX.X", here, "4a8b05 10000000", "0f0b"},
      {"VEX.X", here, "c4a17c1005 10000000", "0f0b"},
      {"VEX", here, "c4e17c1005 10000000", "c4e17c100425 19001000"},
  };
  for (const RipRelative& row : rows) {
    CAPTURE(row.name);
    const std::vector<u8> guest = bytes_of(row.guest), copied = bytes_of(row.copied);
    const TranslatedBlock block = translate(row.rip, guest);
    REQUIRE(block.code.size() >= copied.size());
    CHECK(hex_of(std::span(block.code).first(copied.size())) == hex_of(copied));
    CHECK(block.guest_bytes == guest.size());
    CHECK(block.callouts == (row.copied == "0f0b"));
    CHECK(block.copied == (row.copied != "0f0b"));
  }
}

// ---- branches ------------------------------------------------------------------------------------------------------
TEST_CASE("direct branches become jumps that can be chained, each to a stub of its own first") {
  const Row rows[] = {
      {"JMP rel8", here, "eb10", "e9 00000000 0f0b", "0 instruction 1 100000, 5 exit 0 100012", "1>5 100012", 2},
      {"JMP rel32 backwards", here, "e9 00ffffff", "e9 00000000 0f0b", "0 instruction 1 100000, 5 exit 0 fff05",
       "1>5 fff05", 5},
      {"JE rel8", here, "7405", "0f84 05000000 e9 02000000 0f0b 0f0b",
       "0 instruction 1 100000, 6 exit 0 100002, 11 exit 0 100007, 13 exit 0 100002", "2>11 100007, 7>13 100002", 2},
      {"JG rel32", here, "0f8f 00010000", "0f8f 05000000 e9 02000000 0f0b 0f0b",
       "0 instruction 1 100000, 6 exit 0 100006, 11 exit 0 100106, 13 exit 0 100006", "2>11 100106, 7>13 100006", 6},
      {"LOOP to itself", here, "e2fe", "e205 e9 05000000 e9 02000000 0f0b 0f0b",
       "0 instruction 1 100000, 2 exit 0 100002, 7 exit 0 100000, 12 exit 0 100002, 14 exit 0 100000",
       "3>12 100002, 8>14 100000", 2},
      {"JECXZ", here, "67e304", "67e305 e9 05000000 e9 02000000 0f0b 0f0b",
       "0 instruction 1 100000, 3 exit 0 100003, 8 exit 0 100007, 13 exit 0 100003, 15 exit 0 100007",
       "4>13 100003, 9>15 100007", 3},
      {"CALL", here, "e8 00010000", "68 05001000 e9 00000000 0f0b",
       "0 instruction 0 100000, 5 after_push 1 100105, 10 exit 0 100105", "6>10 100105", 5},
      {"CALL in the upper 2 GiB", 0xffffffff80000000, "e8 fbffffff", "68 05000080 e9 00000000 0f0b",
       "0 instruction 0 ffffffff80000000, 5 after_push 1 ffffffff80000000, 10 exit 0 ffffffff80000000",
       "6>10 ffffffff80000000", 5},
      {"CALL whose return address PUSH cannot hold", 0xffff800000100000, "e8 00010000", "0f0b",
       "0 callout 0 ffff800000100000", "", 5},
      {"CALL just below 2 GiB", 0x7ffffffb, "e8 00010000", "0f0b", "0 callout 0 7ffffffb", "", 5},
      {"JMP to no canonical address", 0x7fffffffff00, "e9 00010000", "0f0b", "0 callout 0 7fffffffff00", "", 5},
      {"JMP with an operand-size prefix", here, "66e9 00010000", "e9 00000000 0f0b",
       "0 instruction 1 100000, 5 exit 0 100106", "1>5 100106", 6},
      {"behind another instruction", here, "90 eb10", "90 e9 00000000 0f0b",
       "0 instruction 1 100000, 1 instruction 1 100001, 6 exit 0 100013", "2>6 100013", 3},
  };
  for (const Row& row : rows) check(row);
}

// ---- what holds of every block -------------------------------------------------------------------------------------
u32 rel32_at(const std::vector<u8>& code, std::size_t at) {
  return code[at] | code[at + 1] << 8 | code[at + 2] << 16 | u32{code[at + 3]} << 24;
}

// The explicit memory operand's address; nothing without one.
std::optional<u64> address_of(const isa::Instruction& instruction, const arch::CpuState& state, u64 rip) {
  for (const isa::Operand& operand : instruction.operands)
    if (operand.kind == isa::OperandKind::memory)
      return isa::linear_address(operand.memory, state, rip + instruction.length, instruction.address_size);
  return {};
}

// `copy` stands for the instruction at `rip`: it does the same, and at the same address.
void check_copy(const isa::Instruction& copy, std::span<const u8> guest, u64 rip, const arch::CpuState& state) {
  const isa::Instruction original = isa::decode(guest).instruction;
  CHECK(copy.mnemonic == original.mnemonic);
  CHECK(copy.operand_size == original.operand_size);
  CHECK(sensitivity_of(copy).treatment != Treatment::unnoticed);
  CHECK(address_of(copy, state, 0x7000'0000'0000) == address_of(original, state, rip));
}

void check_block(const TranslatedBlock& block, std::span<const u8> guest, const arch::CpuState& state) {
  unsigned weight = 0;
  REQUIRE_FALSE(block.sites.empty());
  CHECK(block.sites[0].offset == 0);
  for (std::size_t i = 0; i < block.sites.size(); ++i) {
    const Site& site = block.sites[i];
    const isa::Decoded decoded = isa::decode(std::span(block.code).subspan(site.offset));
    REQUIRE(decoded.status == isa::DecodeStatus::ok);
    const std::size_t next = i + 1 < block.sites.size() ? block.sites[i + 1].offset : block.code.size();
    CHECK(site.offset + decoded.instruction.length == next);
    weight += site.weight;
    const isa::OperandKind first = decoded.instruction.operand(0).kind;
    if (site.kind == SiteKind::instruction && site.weight == 1 && first != isa::OperandKind::relative)
      check_copy(decoded.instruction, guest.subspan(site.rip - block.rip), site.rip, state);
  }
  CHECK(weight == block.instructions - block.callouts);
  CHECK(block.guest_bytes <= guest.size());
  for (const BlockExit& exit : block.exits) {
    CHECK(exit.displacement + 4 + rel32_at(block.code, exit.displacement) == exit.stub);
    CHECK(block.code[exit.stub] == 0x0f);
    CHECK(block.code[exit.stub + 1U] == 0x0b);
  }
}

TEST_CASE("of random bytes, every byte of a block is one instruction's, which does what the guest's would do") {
  std::mt19937_64 random(1);
  unsigned copied = 0, absolute = 0;
  for (unsigned round = 0; round < 20'000; ++round) {
    CAPTURE(round);
    std::vector<u8> guest(48);
    for (u8& byte : guest) byte = static_cast<u8>(random());
    // Every other one begins with a legible REX, opcode and operand relative to RIP.
    if (round % 2) guest[0] = 0x40 | (guest[0] & 15), guest[1] &= 0x3b, guest[2] = 5 | (guest[2] & 0x38), guest[6] = 0;
    arch::CpuState state;
    for (u64& gpr : state.gpr) gpr = random();
    const TranslatedBlock block = translate(here, guest);
    check_block(block, guest, state);
    copied += block.copied;
    absolute += round % 2 && block.copied > 0;
  }
  CHECK(copied > 20'000);
  CHECK(absolute > 2'000);
}

}  // namespace
}  // namespace trapline::technique::full
