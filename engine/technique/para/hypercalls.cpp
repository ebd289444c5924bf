#include "technique/para/hypercalls.h"

namespace trapline::technique::para {

using spec::Hypercall;
using spec::HypercallRule;

namespace {

// What the door lets a guest decide (metal/deprivileged.h).
constexpr u64 cr0_of_guest = arch::cr0::mp | arch::cr0::em | arch::cr0::ts | arch::cr0::am;
constexpr u64 cr4_of_guest = arch::cr4::tsd | arch::cr4::osfxsr | arch::cr4::osxmmexcpt | arch::cr4::fsgsbase;

u64 error_number(HypercallRule rule) { return -static_cast<u64>(spec::info_of(rule).error); }

}  // namespace

// ---- one call
// ---------------------------------------------------------------------------------------------------------
Hypercalls::Next Hypercalls::carry_out() {
  const auto& gpr = guest_.cpu.gpr;
  const Call call{gpr[arch::rax], {gpr[arch::rdi], gpr[arch::rsi], gpr[arch::rdx], gpr[arch::r10]}};
  next_ = Next::go_on;
  returns_ = true;
  u64 result = 0;
  const Refused refused = dispatch(call, result);
  if (returns_ || refused) guest_.cpu.gpr[arch::rax] = result;
  return next_;
}

// Also for the entries of a multicall.
Refused Hypercalls::dispatch(const Call& call, u64& result) {
  using Handler = Refused (Hypercalls::*)(const Arguments&, u64&);
  static constexpr Handler handlers[] = {
  // numbers are those of the rows, from 0 on without a hole
#define HYPERCALL(name, number, first, second, third, fourth, sentence) &Hypercalls::name,
#define HYPERCALL_ERROR(name, number, sentence)
#define HYPERCALL_RULE(name, number, error, sentence)
#include "spec/hypercalls.def"
#undef HYPERCALL
#undef HYPERCALL_ERROR
#undef HYPERCALL_RULE
  };
  static_assert(std::size(handlers) == static_cast<std::size_t>(Hypercall::virtio_notify) + 1);
  const auto& [first, second, third, fourth] = call.arguments;
  const bool known = call.number < std::size(handlers);
  const u16 number = known ? static_cast<u16>(call.number) : u16{0xffff};
  bus_.emit(trace::Hypercall{number, first, second, third, fourth, call.in_batch, guest_.cpu.rip - 2});
  door_.charge(spec::Cost::hypercall);
  if (ask_handler(call, result)) {
    bus_.emit(trace::HypercallReturn{number, result});
    return {};
  }
  const Refused refused =
      known ? (this->*handlers[number])(call.arguments, result) : Refusal{HypercallRule::unknown_number, call.number};
  if (refused) {
    bus_.emit(trace::HypercallRefused{number, static_cast<u16>(refused->rule), refused->value});
    result = error_number(refused->rule);
  }
  if (returns_ || refused) bus_.emit(trace::HypercallReturn{number, result});
  return refused;
}

// Devices live in the monitor's user half, under every technique.
void Hypercalls::reach_device(Hypercall number) {
  door_.charge(spec::Cost::user_half);
  bus_.emit(trace::UserExit{static_cast<u8>(trace::UserExitReason::hypercall), guest_.cpu.rip - 2,
                            static_cast<u64>(number), trace::unknown_number});
}

void Hypercalls::raise(u64 channel) {
  window_.raise(channel);
  bus_.emit(trace::EventChannel{static_cast<u8>(trace::ChannelPhase::raised), static_cast<u8>(channel)});
}

// ---- the run
// -----------------------------------------------------------------------------------------------------------
Refused Hypercalls::marker(const Arguments& arguments, u64&) {
  reach_device(Hypercall::marker);
  devices_.mark(static_cast<u32>(arguments[0]));
  return {};
}

Refused Hypercalls::exit(const Arguments& arguments, u64&) {
  reach_device(Hypercall::exit);
  devices_.exit(static_cast<u32>(arguments[0]));
  next_ = Next::end;
  return {};
}

Refused Hypercalls::console_write(const Arguments& arguments, u64&) {
  const u64 address = arguments[0], bytes = arguments[1];
  if (bytes > para_abi::most_console_bytes) return Refusal{HypercallRule::too_many_bytes, bytes};
  std::vector<std::byte> text(bytes);
  if (!memory_.read(address, std::span(text))) return Refusal{HypercallRule::unreadable, address};
  reach_device(Hypercall::console_write);
  devices_.print(text);
  return {};
}

Refused Hypercalls::cpuid(const Arguments& arguments, u64&) {
  const u32 leaf = static_cast<u32>(arguments[0]), subleaf = static_cast<u32>(arguments[1]);
  const u64 address = arguments[2];
  u32 registers[4];
  door_.cpuid(leaf, subleaf, guest_.cpu.cr4, registers);
  if (!memory_.write(address, registers)) return Refusal{HypercallRule::unwritable, address};
  bus_.emit(trace::Cpuid{leaf, subleaf, registers[0], registers[1], registers[2], registers[3]});
  return {};
}

// ---- control transfer ----------------------------------------------------------------------------------------------
Refused Hypercalls::set_trap_table(const Arguments& arguments, u64&) {
  std::vector<para_abi::TrapHandler> handlers;
  if (Refused refused = read_list(arguments[0], arguments[1], handlers)) return refused;
  for (const auto& row : handlers) {
    if (row.vector >= guest_.trap_handlers.size()) return Refusal{HypercallRule::vector_range, row.vector};
    if (!is_guests_address(row.handler)) return Refusal{HypercallRule::handler_address, row.handler};
  }
  for (const auto& row : handlers) guest_.trap_handlers[row.vector] = row.handler;
  return {};
}

Refused Hypercalls::set_callbacks(const Arguments& arguments, u64&) {
  const u64 event_handler = arguments[0], system_call_handler = arguments[1];
  for (const u64 handler : {event_handler, system_call_handler})
    if (!is_guests_address(handler)) return Refusal{HypercallRule::handler_address, handler};
  guest_.event_handler = event_handler;
  guest_.system_call_handler = system_call_handler;
  return {};
}

Refused Hypercalls::stack_switch(const Arguments& arguments, u64&) {
  const u64 stack = arguments[0];
  if (stack % 16 != 0 || !is_guests_address(stack)) return Refusal{HypercallRule::stack_address, stack};
  guest_.kernel_stack = stack;
  return {};
}

// RFLAGS.IF of the frame is the gate of events (SDM vol. 2, "IRET", for the rest).
Refused Hypercalls::iret(const Arguments&, u64&) {
  para_abi::IretFrame frame{};
  const u64 place = guest_.cpu.gpr[arch::rsp];
  if (!memory_.read(place, frame)) return Refusal{HypercallRule::unreadable, place};
  const u64 level = frame.code_selector & 3;
  if (level != 0 && level != 3) return Refusal{HypercallRule::return_level, frame.code_selector};
  if (!is_guests_address(frame.rip)) return Refusal{HypercallRule::return_address, frame.rip};
  guest_.cpu.gpr[arch::rax] = frame.rax;
  guest_.cpu.gpr[arch::rcx] = frame.rcx;
  guest_.cpu.gpr[arch::r11] = frame.r11;
  guest_.go(level == 0, frame.rip, frame.rsp);
  guest_.cpu.rflags = (frame.rflags & guest_flags) | arch::flag::always_one;
  window_.open_events(frame.rflags & arch::flag::if_);
  returns_ = false;
  return {};
}

Refused Hypercalls::read_control(const Arguments& arguments, u64& result) {
  switch (arguments[0]) {
    case 0:
      result = guest_.cpu.cr0;
      return {};
    case 3:
      result = paging_.root_of_guest();
      return {};
    case 4:
      result = guest_.cpu.cr4;
      return {};
    default:
      return Refusal{HypercallRule::control_number, arguments[0]};
  }
}

Refused Hypercalls::write_control(const Arguments& arguments, u64&) {
  const u64 number = arguments[0], value = arguments[1];
  if (number != 0 && number != 4) return Refusal{HypercallRule::control_number, number};
  u64& control = number == 0 ? guest_.cpu.cr0 : guest_.cpu.cr4;
  const u64 allowed = number == 0 ? cr0_of_guest : cr4_of_guest;
  if ((value ^ control) & ~allowed) return Refusal{HypercallRule::control_bits, value};
  const u64 before = control;
  control = value;
  bus_.emit(trace::CrAccess{static_cast<u8>(number), before, value, guest_.cpu.rip - 2});
  return {};
}

}  // namespace trapline::technique::para
