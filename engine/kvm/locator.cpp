// Port instructions are recognized by their opcodes (SDM vol. 2, "Opcode Maps"), MMIO instructions by where their
// memory operand leads.
#include "kvm/locator.h"

#include <algorithm>

namespace trapline::kvm {
namespace {

using metal::IoAccess;

struct PortOpcode {
  bool write = false;
  bool string = false;
  bool immediate = false;
  bool byte = false;
};

// E4-E7 with an immediate port, EC-EF with DX, 6C-6F the string forms; odd opcodes move words or doublewords.
std::optional<PortOpcode> port_opcode(const isa::Instruction& instruction) {
  if (instruction.length >= 2)
    if (const u8 opcode = instruction.bytes[instruction.length - 2U]; (opcode & 0xfc) == 0xe4)
      return PortOpcode{(opcode & 2) != 0, false, true, (opcode & 1) == 0};
  const u8 opcode = instruction.bytes[instruction.length - 1U];
  if ((opcode & 0xfc) == 0xec || (opcode & 0xfc) == 0x6c)
    return PortOpcode{(opcode & 2) != 0, (opcode & 0xfc) == 0x6c, false, (opcode & 1) == 0};
  return std::nullopt;
}

bool is_port_mnemonic(isa::Mnemonic mnemonic) {
  using isa::Mnemonic;
  constexpr Mnemonic port_mnemonics[] = {Mnemonic::in_,  Mnemonic::out_,  Mnemonic::insb,  Mnemonic::insw,
                                         Mnemonic::insd, Mnemonic::outsb, Mnemonic::outsw, Mnemonic::outsd};
  return std::find(std::begin(port_mnemonics), std::end(port_mnemonics), mnemonic) != std::end(port_mnemonics);
}

bool makes_port_access(const isa::Instruction& instruction, const IoAccess& io, const arch::CpuState& state) {
  if (!is_port_mnemonic(instruction.mnemonic)) return false;
  const auto opcode = port_opcode(instruction);
  if (!opcode || opcode->write != io.write) return false;
  const bool narrowed = std::find(instruction.bytes.begin(), instruction.bytes.begin() + instruction.length, 0x66) !=
                        instruction.bytes.begin() + instruction.length;
  const unsigned size = opcode->byte ? 1 : narrowed ? 2 : 4;
  const u64 port = opcode->immediate ? instruction.bytes[instruction.length - 1U] : state.gpr[arch::rdx] & 0xffff;
  return size == io.size && port == io.address && (io.count == 1 || opcode->string);
}

// A memory operand whose translation holds the exit's address: KVM reports accesses across pages in pieces.
enum class Size : u8 { equal, larger };

bool makes_memory_access(const isa::Instruction& instruction, u64 rip, const IoAccess& io, const GuestView& guest,
                         Size size) {
  const auto access = io.write ? arch::Access::write : arch::Access::read;
  for (unsigned number = 0; number < instruction.memory_count; ++number) {
    const isa::MemoryOperand& operand = instruction.memory[number];
    if (!(io.write ? operand.written : operand.read)) continue;
    if (size == Size::equal ? operand.size != io.size : operand.size <= io.size) continue;
    const u64 linear = isa::linear_address(operand, guest.state(), rip + instruction.length, instruction.address_size);
    const auto place = guest.translate(linear, access);
    if (place && io.address - place->value < operand.size) return true;
  }
  return false;
}

template <typename Agrees>
std::optional<Located> behind_which(const GuestView& guest, Agrees agrees) {
  const u64 rip = guest.state().rip;
  for (u64 length = 1; length <= isa::longest_instruction; ++length) {
    const auto instruction = instruction_at(guest, rip - length);
    if (instruction && instruction->length == length && agrees(*instruction, rip - length))
      return Located{rip - length, *instruction};
  }
  return std::nullopt;
}

template <typename Agrees>
std::optional<Located> at_which(const GuestView& guest, Agrees agrees) {
  const u64 rip = guest.state().rip;
  const auto instruction = instruction_at(guest, rip);
  if (instruction && agrees(*instruction, rip)) return Located{rip, *instruction};
  return std::nullopt;
}

template <typename Agrees>
std::optional<Located> locate_with(const IoAccess& io, const GuestView& guest, PlainOut plain_out, Agrees agrees) {
  const auto at = at_which(guest, agrees);
  if (!io.write) return at;
  // The string forms with REP keep RIP; they stand there for sure.
  if (at && (at->instruction.rep || plain_out == PlainOut::leaves_rip_at)) return at;
  if (auto behind = behind_which(guest, agrees)) return behind;
  return at;
}

}  // namespace

std::optional<isa::Instruction> instruction_at(const GuestView& guest, u64 linear) {
  std::array<u8, isa::longest_instruction> bytes{};
  const std::size_t count = guest.fetch(linear, bytes);
  const isa::Decoded decoded = isa::decode(std::span<const u8>(bytes).first(count));
  if (decoded.status != isa::DecodeStatus::ok) return std::nullopt;
  return decoded.instruction;
}

std::optional<Located> locate_access(const metal::VmExit& exit, const GuestView& guest, PlainOut plain_out) {
  const bool long_mode = guest.state().efer & arch::efer::lma && guest.state().segments[arch::cs].long_mode();
  if (!long_mode) return std::nullopt;  // the decoder knows 64-bit code only
  if (exit.reason == trace::UserExitReason::port_io)
    return locate_with(exit.io, guest, plain_out, [&](const isa::Instruction& instruction, u64) {
      return makes_port_access(instruction, exit.io, guest.state());
    });
  for (const Size size : {Size::equal, Size::larger}) {
    const auto located =
        locate_with(exit.io, guest, PlainOut::leaves_rip_behind, [&](const isa::Instruction& instruction, u64 rip) {
          return makes_memory_access(instruction, rip, exit.io, guest, size);
        });
    if (located) return located;
  }
  return std::nullopt;
}

}  // namespace trapline::kvm
