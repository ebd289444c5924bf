// Decoding runs ahead of execution here and nowhere else.
#include "cpu/block_builder.h"

#include <bit>

#include "isa/decode.h"

namespace trapline::cpu {
namespace {

u8 register_offset(const isa::Operand& operand) {
  switch (operand.register_kind) {
    case isa::RegisterKind::gpr:
      return static_cast<u8>(operand.reg * 8);
    case isa::RegisterKind::high_byte:
      return static_cast<u8>(operand.reg * 8 + 1);
    default:
      return operand.reg;
  }
}

u8 address_register(u8 reg) {
  if (reg == isa::rip_register) return block_rip_register;
  return reg < 16 ? static_cast<u8>(reg * 8) : zero_register;
}

void describe_memory(Op& op, const isa::MemoryOperand& memory) {
  op.base = address_register(memory.base);
  op.index = address_register(memory.index);
  op.scale_log2 = static_cast<u8>(std::countr_zero(static_cast<unsigned>(memory.scale)) & 3);
  op.segment = memory.segment;
  op.wide = static_cast<u64>(memory.displacement);
  if (memory.base == isa::rip_register) op.wide += op.rip_offset + op.length;
}

// `has_immediate`: one has been described before (ENTER has two).
void describe_operand(Op& op, const isa::Operand& operand, u8 Op::*place, bool has_immediate) {
  switch (operand.kind) {
    case isa::OperandKind::reg:
      op.*place = register_offset(operand);
      break;
    case isa::OperandKind::memory:
      describe_memory(op, operand.memory);
      break;
    case isa::OperandKind::immediate:
      if (has_immediate) {
        op.*place = static_cast<u8>(operand.immediate);
        break;
      }
      op.immediate = static_cast<i32>(operand.immediate);
      if (needs_wide_immediate(operand)) op.wide = static_cast<u64>(operand.immediate);
      break;
    case isa::OperandKind::relative:
      op.wide = static_cast<u64>(operand.immediate) + op.rip_offset + op.length;
      break;
    default:
      break;
  }
}

Flow end_with(Op& op, Handler handler) {
  op.handler = handler;
  return Flow::out;
}

// Binds the operation to its handler; what comes after it.
Flow bind(Op& op, const isa::Decoded& decoded, const BuildOptions& options) {
  if (decoded.status == isa::DecodeStatus::too_long) return end_with(op, too_long);
  if (decoded.status != isa::DecodeStatus::ok) return end_with(op, undefined);
  const isa::Instruction& instruction = decoded.instruction;
  if (instruction.vector_unit) {
    op.immediate = instruction.x87;
    return end_with(op, vector_unit);
  }
  const isa::Mnemonic mnemonic = instruction.mnemonic;
  const Binding& binding = binding_of(options.executes_as ? options.executes_as(mnemonic) : mnemonic);
  op.handler = binding.bind ? binding.bind(instruction) : nullptr;
  return op.handler ? binding.flow : end_with(op, unbound);
}

// An operation that records the instruction after it, with the instruction's bytes in place of operands.
Op recording(const Op& of, std::span<const u8> bytes) {
  u64 words[2] = {0, 0};
  std::memcpy(words, bytes.data(), std::min(bytes.size(), isa::longest_instruction));
  Op op;
  op.handler = record_instruction;
  op.rip_offset = of.rip_offset;
  op.index_in_block = of.index_in_block;
  op.length = static_cast<u8>(bytes.size());
  op.wide = words[0];
  op.immediate = static_cast<i32>(words[1]);
  op.first = static_cast<u8>(words[1] >> 32);
  op.second = static_cast<u8>(words[1] >> 40);
  op.third = static_cast<u8>(words[1] >> 48);
  return op;
}

void append(Block& block, const Op& op, const BuildOptions& options) {
  if (options.record_instructions)
    block.operations.push_back(recording(op, std::span<const u8>(block.code).subspan(op.rip_offset)));
  block.operations.push_back(op);
  block.count += op.weight;
  block.room = op.index_in_block + 1U;
}

void append_fall_through(Block& block) {
  Op op;
  op.handler = fall_through;
  op.rip_offset = static_cast<u16>(block.code.size());
  op.index_in_block = static_cast<u8>(block.count);
  block.operations.push_back(op);
}

void prepend_weightless(Block& block) {
  Op op;
  op.handler = weightless;
  block.operations.insert(block.operations.begin(), op);
}

}  // namespace

void describe(Op& op, const isa::Instruction& instruction, unsigned rip_offset) {
  op.rip_offset = static_cast<u16>(rip_offset);
  op.length = instruction.length;
  op.operand_size = instruction.operand_size;
  op.address32 = instruction.address_size == 4;
  op.lock = instruction.lock;
  op.rep = instruction.rep;
  op.repne = instruction.repne;
  constexpr u8 Op::*places[] = {&Op::first, &Op::second, &Op::third};
  bool has_immediate = false;
  for (unsigned i = 0; i < std::min<unsigned>(instruction.operand_count, 3); ++i) {
    describe_operand(op, instruction.operands[i], places[i], has_immediate);
    has_immediate |= instruction.is_immediate(i);
  }
  // An override of an implicit or a string operand: ES:[RDI] never has one, so there is one at most.
  for (unsigned i = 0; i < instruction.memory_count; ++i)
    if (instruction.memory[i].segment >= arch::fs) op.segment = instruction.memory[i].segment;
}

Built build(Hpa start, std::span<const u8> page_bytes_left, std::span<const u8> next_page,
            const BuildOptions& options) {
  auto block = std::make_unique<Block>();
  block->start = start;
  std::vector<u8> joined;
  if (!next_page.empty()) {
    joined.assign(page_bytes_left.begin(), page_bytes_left.end());
    joined.insert(joined.end(), next_page.begin(), next_page.end());
  }
  const std::span<const u8> bytes = next_page.empty() ? page_bytes_left : std::span<const u8>(joined);
  Flow flow = Flow::on;
  unsigned instructions = 0;
  for (; flow == Flow::on && instructions < options.length; ++instructions) {
    const auto rest = bytes.subspan(block->code.size());
    const auto window = rest.first(std::min(rest.size(), isa::longest_instruction));
    isa::Decoded decoded = isa::decode(window);
    if (decoded.status == isa::DecodeStatus::needs_more && window.size() < isa::longest_instruction) {
      if (instructions == 0 && next_page.empty()) return {nullptr, true};
      if (instructions > 0) break;
    }
    Op op;
    op.index_in_block = static_cast<u8>(block->count);
    if (options.weights) op.weight = options.weights->weight(options.rip + block->code.size()) & 1;
    if (decoded.status == isa::DecodeStatus::ok)
      describe(op, decoded.instruction, static_cast<unsigned>(block->code.size()));
    else
      op.rip_offset = static_cast<u16>(block->code.size());
    flow = bind(op, decoded, options);
    // Of what is no instruction all bytes that were looked at count as code: another byte may make it one.
    const u64 taken = decoded.status == isa::DecodeStatus::ok ? decoded.instruction.length : window.size();
    block->code.insert(block->code.end(), window.begin(), window.begin() + static_cast<std::ptrdiff_t>(taken));
    append(*block, op, options);
    if (!next_page.empty()) break;
  }
  if (flow == Flow::on) append_fall_through(*block);
  if (block->count == 0) prepend_weightless(*block);
  return {std::move(block), false};
}

}  // namespace trapline::cpu
