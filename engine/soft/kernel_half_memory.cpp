// EPT violations: a first touch of guest memory maps the page; an address without memory is a device's, or nobody's.
#include <algorithm>

#include "isa/decode.h"
#include "soft/kernel_half.h"

namespace trapline::soft {

KernelHalf::Next KernelHalf::on_ept_violation() {
  const Gpa address(read(Field::guest_physical_address));
  const u64 qualification = read(Field::exit_qualification);
  const auto frame = guest_.host_address(address.page());
  // Bit 7: there is a linear address; bit 8: the access was to what it translates to, not to a paging structure.
  const bool in_tables = has_bit(qualification, 7) && !has_bit(qualification, 8);
  if (!frame) return in_tables ? tables_without_memory(address) : emulate_mmio(address, has_bit(qualification, 1));
  if (ept_.map(address.page(), *frame) == EptBuilder::Mapped::no_frame)
    return to_user(trace::UserExitReason::failed, "the soft metal's monitor has no frame left for an EPT table");
  return Next::resume;
}

// This monitor writes no misconfigured entry; a lab's handler may.
KernelHalf::Next KernelHalf::on_ept_misconfiguration() {
  if (handlers_)
    return to_user(trace::UserExitReason::handler_failed,
                   "An EPT entry is misconfigured: the handler mapped a page writable, or executable only, without "
                   "making it readable.");
  return to_user(trace::UserExitReason::failed,
                 "an EPT entry of the soft metal's own monitor is misconfigured; this is a defect of Trapline");
}

// A real processor would find ones there, and fault on their reserved bits.
KernelHalf::Next KernelHalf::tables_without_memory(Gpa entry) {
  bus_.emit(trace::NotImplemented{guest_state().rip, 0, 0, 0});
  return to_user(trace::UserExitReason::not_implemented,
                 "the guest has a paging structure in page " + std::to_string(entry.page_number()) +
                     " of its physical memory, which it does not have; the soft metal does not walk such tables");
}

namespace {

// The forms of MOV, MOVZX and MOVSX that drivers use on device memory.
struct MmioForm {
  bool known = false;
  bool is_write = false;
  unsigned bytes = 0;
  unsigned gpr = 0, register_bytes = 0;
  bool sign = false, immediate = false;
  u64 immediate_value = 0;
};

MmioForm form_of(const isa::Instruction& instruction) {
  MmioForm form;
  const isa::Operand& to = instruction.operand(0);
  const isa::Operand& from = instruction.operand(1);
  const bool moves = instruction.mnemonic == isa::Mnemonic::mov || instruction.mnemonic == isa::Mnemonic::movzx ||
                     instruction.mnemonic == isa::Mnemonic::movsx || instruction.mnemonic == isa::Mnemonic::movsxd;
  if (!moves || instruction.operand_count < 2) return form;
  const auto is_general = [](const isa::Operand& operand) {
    return operand.kind == isa::OperandKind::reg && operand.register_kind == isa::RegisterKind::gpr;
  };
  if (to.kind == isa::OperandKind::memory && (is_general(from) || from.kind == isa::OperandKind::immediate)) {
    form = {true,
            true,
            to.size,
            from.reg,
            to.size,
            false,
            from.kind == isa::OperandKind::immediate,
            static_cast<u64>(from.immediate)};
  } else if (is_general(to) && from.kind == isa::OperandKind::memory) {
    const bool sign = instruction.mnemonic == isa::Mnemonic::movsx || instruction.mnemonic == isa::Mnemonic::movsxd;
    form = {true, false, from.size, to.reg, to.size, sign, false, 0};
  }
  return form;
}

}  // namespace

KernelHalf::Next KernelHalf::emulate_mmio(Gpa address, bool is_write) {
  const arch::CpuState state = guest_state();
  std::array<std::byte, isa::longest_instruction> bytes{};
  // The guest has just fetched these bytes; only their page is certain to be mapped, so no byte beyond it is asked for.
  const u64 in_page = std::min<u64>(bytes.size(), page_bytes - Gva(state.rip).page_offset());
  const auto fault = linear_.read(state, Gva(state.rip), std::span(bytes).first(in_page), arch::Access::execute);
  isa::Decoded decoded;
  if (!fault) decoded = isa::decode({reinterpret_cast<const u8*>(bytes.data()), in_page});
  const MmioForm form = decoded.status == isa::DecodeStatus::ok ? form_of(decoded.instruction) : MmioForm{};
  if (!form.known || form.is_write != is_write) {
    u64 low = 0, high = 0;
    std::memcpy(&low, bytes.data(), 8);
    std::memcpy(&high, bytes.data() + 8, 7);
    bus_.emit(trace::NotImplemented{state.rip, static_cast<u8>(fault ? 0 : in_page), low, high});
    return to_user(
        trace::UserExitReason::not_implemented,
        "the guest reached guest-physical memory that it does not have with an instruction other than a plain "
        "MOV, which the soft metal does not emulate");
  }
  io_data_.assign(form.bytes, std::byte{0});
  to_user(trace::UserExitReason::mmio);
  user_exit_.io = {address.value, form.bytes, 1, form.is_write, io_data_.data()};
  if (form.is_write) {
    const u64 value = form.immediate ? form.immediate_value : gpr(form.gpr);
    std::memcpy(io_data_.data(), &value, form.bytes);
    skip(decoded.instruction.length);
  } else {
    pending_read_ = {PendingRead::Kind::mmio, form.gpr,  form.bytes,
                     form.register_bytes,     form.sign, decoded.instruction.length};
  }
  return Next::to_user;
}

}  // namespace trapline::soft
