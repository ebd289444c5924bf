#include "metal/handlers.h"

#include <array>

namespace trapline::metal {
namespace {

constexpr std::array<std::string_view, handled_registers> register_names = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp",    "rsi", "rdi", "r8",  "r9",  "r10", "r11",
    "r12", "r13", "r14", "r15", "rip", "rflags", "cr0", "cr2", "cr3", "cr4", "efer"};

}  // namespace

u64* register_in(arch::CpuState& state, unsigned number) {
  switch (number) {
    case rip:
      return &state.rip;
    case rflags:
      return &state.rflags;
    case cr0:
      return &state.cr0;
    case cr2:
      return &state.cr2;
    case cr3:
      return &state.cr3;
    case cr4:
      return &state.cr4;
    case efer:
      return &state.efer;
    default:
      return number < 16 ? &state.gpr[number] : nullptr;
  }
}

std::string_view name_of_register(unsigned number) {
  return number < register_names.size() ? register_names[number] : std::string_view();
}

u64 HandledGuest::get(unsigned number) const {
  arch::CpuState now = state();
  const u64* const place = register_in(now, number);
  return place ? *place : 0;
}

bool HandledGuest::set(unsigned number, u64 value) {
  arch::CpuState now = state();
  u64* const place = register_in(now, number);
  if (!place) return false;
  *place = value;
  return told(change_state(now), HandlerChange::set_register, number, value);
}

bool HandledGuest::write(Gva address, std::span<const std::byte> from) {
  return told(write_bytes(address, from), HandlerChange::write_linear, address.value, from.size());
}

bool HandledGuest::write_physical(Gpa address, std::span<const std::byte> from) {
  return told(write_physical_bytes(address, from), HandlerChange::write_physical, address.value, from.size());
}

bool HandledGuest::skip() {
  const u64 from = get(rip);
  const bool skipped = skip_instruction();
  return told(skipped, HandlerChange::skip_instruction, from, get(rip));
}

bool HandledGuest::fault(const arch::Fault& fault) {
  return told(raise(fault), HandlerChange::raise_fault, fault.vector, fault.error_code);
}

bool HandledGuest::vmwrite(u32 field, u64 value) {
  return told(write_field(field, value), HandlerChange::vmwrite, field, value);
}

bool HandledGuest::map(Gpa page, unsigned rights) {
  return told(map_page(page, rights), HandlerChange::map_page, page.value, rights);
}

bool HandledGuest::give(u64 value) { return told(give_result(value), HandlerChange::give_result, 0, value); }

bool HandledGuest::told(bool done, HandlerChange change, u64 target, u64 value) {
  if (done) bus_.emit(trace::HandlerAction{static_cast<u8>(change), target, value, handlers_.current_line()});
  return done;
}

HandlerAnswer ask(Handlers& handlers, trace::Bus& bus, const HandlerCall& call, u64 rip_of_guest) {
  bus.emit(trace::HandlerCall{static_cast<u8>(call.point), handlers.line_of(call.point), rip_of_guest});
  const HandlerAnswer answer = handlers.call(call);
  bus.emit(trace::HandlerReturn{static_cast<u8>(call.point), static_cast<u8>(answer)});
  return answer;
}

}  // namespace trapline::metal
