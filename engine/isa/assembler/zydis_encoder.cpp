// The only file that calls the Zydis encoder: requests, what it gets wrong, and which forms it knows.
#include <algorithm>
#include <string>

#include "isa/assembler/encoder.h"

namespace trapline::isa::assembler {
namespace {

// MOV to and from control and debug registers ignores the mod bits, and manuals write 11 (SDM vol. 2, "MOV-Move to/from
// Control Registers"); Zydis 4.0 leaves them 00, which no disassembler but its own reads alike.
void repair_system_register(const ZydisEncoderRequest& request, Encoding& encoding) {
  if (request.mnemonic != ZYDIS_MNEMONIC_MOV) return;
  for (unsigned i = 0; i < 2; ++i) {
    if (request.operands[i].type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
    const ZydisRegisterClass kind = ZydisRegisterGetClass(request.operands[i].reg.value);
    if (kind == ZYDIS_REGCLASS_CONTROL || kind == ZYDIS_REGCLASS_DEBUG) encoding.bytes[encoding.length - 1] |= 0xc0;
  }
}

// 90 is NOP, which leaves the upper half of RAX alone; XCHG EAX, EAX clears it.
bool is_exchange_of_eax(const ZydisEncoderRequest& request) {
  return request.mnemonic == ZYDIS_MNEMONIC_XCHG && request.operand_count == 2 &&
         request.operands[0].reg.value == ZYDIS_REGISTER_EAX && request.operands[1].reg.value == ZYDIS_REGISTER_EAX;
}

enum class Sample : u8 { none, general, memory, number, accumulator, count, port, segment, control, debug, vector };
constexpr std::array<std::string_view, 11> sample_names{"",   "reg", "[mem]", "number", "al/ax/eax/rax", "cl", "dx",
                                                        "ds", "cr3", "dr7",   "xmm"};
constexpr std::array<unsigned, 8> sample_sizes{1, 2, 4, 8, 10, 16, 64, 512};

ZydisRegister sample_register(Sample sample, unsigned size) {
  constexpr std::array accumulators{ZYDIS_REGISTER_AL, ZYDIS_REGISTER_AX, ZYDIS_REGISTER_EAX, ZYDIS_REGISTER_RAX};
  constexpr std::array generals{ZYDIS_REGISTER_BL, ZYDIS_REGISTER_BX, ZYDIS_REGISTER_EBX, ZYDIS_REGISTER_RBX};
  const std::size_t log = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
  switch (sample) {
    case Sample::general:
      return generals[log];
    case Sample::accumulator:
      return accumulators[log];
    case Sample::count:
      return ZYDIS_REGISTER_CL;
    case Sample::port:
      return ZYDIS_REGISTER_DX;
    case Sample::segment:
      return ZYDIS_REGISTER_DS;
    case Sample::control:
      return ZYDIS_REGISTER_CR3;
    case Sample::debug:
      return ZYDIS_REGISTER_DR7;
    default:
      return ZYDIS_REGISTER_XMM1;
  }
}

void fill_sample(ZydisEncoderRequest& request, Sample sample, unsigned size) {
  if (sample == Sample::none) return;
  ZydisEncoderOperand& to = request.operands[request.operand_count++];
  if (sample == Sample::memory) {
    to.type = ZYDIS_OPERAND_TYPE_MEMORY;
    to.mem.base = ZYDIS_REGISTER_RBX;
    to.mem.size = static_cast<u16>(size);
  } else if (sample == Sample::number) {
    to.type = ZYDIS_OPERAND_TYPE_IMMEDIATE;
    to.imm.u = 5;
  } else {
    to.type = ZYDIS_OPERAND_TYPE_REGISTER;
    to.reg.value = sample_register(sample, size);
  }
}

// Whether the instruction takes operands of these kinds at any size; the memory beside a register may differ from it.
bool takes(const Named& named, std::array<Sample, 3> samples) {
  for (const unsigned size : sample_sizes) {
    for (const unsigned memory_size : sample_sizes) {
      ZydisEncoderRequest request = request_for(named);
      if (request.branch_type == ZYDIS_BRANCH_TYPE_NONE && named.mnemonic == ZYDIS_MNEMONIC_JMP)
        request.branch_type = ZYDIS_BRANCH_TYPE_NEAR;
      for (const Sample sample : samples) fill_sample(request, sample, sample == Sample::memory ? memory_size : size);
      if (attempt(request)) return true;
      if (std::find(samples.begin(), samples.end(), Sample::memory) == samples.end()) break;
    }
  }
  return false;
}

}  // namespace

ZydisEncoderRequest request_for(const Named& named) {
  ZydisEncoderRequest request{};
  request.machine_mode = ZYDIS_MACHINE_MODE_LONG_64;
  request.mnemonic = named.mnemonic;
  request.branch_type = named.branch;
  const bool far_return = named.branch == ZYDIS_BRANCH_TYPE_FAR;
  if (far_return) {
    request.branch_width = named.size == 2   ? ZYDIS_BRANCH_WIDTH_16
                           : named.size == 4 ? ZYDIS_BRANCH_WIDTH_32
                                             : ZYDIS_BRANCH_WIDTH_64;
  } else if (named.size != 0) {
    request.operand_size_hint = named.size == 8 ? ZYDIS_OPERAND_SIZE_HINT_64 : ZYDIS_OPERAND_SIZE_HINT_32;
  }
  return request;
}

std::optional<Encoding> attempt(const ZydisEncoderRequest& request) {
  Encoding encoding;
  if (is_exchange_of_eax(request)) {
    encoding.bytes = {0x87, 0xc0};
    encoding.length = 2;
    return encoding;
  }
  ZyanUSize length = 15;
  if (!ZYAN_SUCCESS(ZydisEncoderEncodeInstruction(&request, encoding.bytes.data(), &length))) return {};
  encoding.length = static_cast<unsigned>(length);
  repair_system_register(request, encoding);
  return encoding;
}

std::string forms_of(const Named& named) {
  constexpr auto last = static_cast<unsigned>(Sample::vector);
  constexpr unsigned most = 8;
  std::string out;
  unsigned found = 0;
  const auto sample_at = [](unsigned i) { return static_cast<Sample>(i); };
  if (takes(named, {})) out = "; it takes none", ++found;
  for (unsigned first = 1; first <= last; ++first) {
    for (unsigned second = 0; second <= last && found < most; ++second) {
      const bool one = sample_at(second) == Sample::none;
      // A form with any register says enough about AL and CL.
      if (sample_at(first) == Sample::accumulator && takes(named, {Sample::general, sample_at(second)})) continue;
      if (sample_at(second) == Sample::accumulator && takes(named, {sample_at(first), Sample::general})) continue;
      if (sample_at(second) == Sample::count && takes(named, {sample_at(first), Sample::general})) continue;
      if (sample_at(first) == Sample::count || sample_at(first) == Sample::port) {
        if (takes(named, {Sample::general, sample_at(second)})) continue;
      }
      if (sample_at(second) == Sample::port && takes(named, {sample_at(first), Sample::general})) continue;
      if (!takes(named, {sample_at(first), sample_at(second)})) continue;
      out += found++ == 0 ? "; it takes " : " | ";
      out += sample_names[first];
      if (!one) out += ", " + std::string(sample_names[second]);
    }
  }
  return out;
}

}  // namespace trapline::isa::assembler
