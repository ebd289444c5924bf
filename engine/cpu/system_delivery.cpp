// Delivery of events through the 64-bit IDT: SDM vol. 3, "64-Bit Mode IDT", "Stack Switching in IA-32e Mode",
// "Interrupt Stack Table", and vol. 2 "INT n/INTO/INT3/INT1 - Call to Interrupt Procedure", whose order of checks is
// kept.
//
// Nothing of the processor's state changes until every check has passed and the frame is written, so a fault or an exit
// on the way finds it as before. Accesses to IDT, GDT, LDT and TSS are implicit supervisor accesses; the frame is
// written with the privilege of the handler.
#include "cpu/system_double_fault.h"
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

using arch::Delivery;
using arch::EventType;

constexpr u32 error_ext = 1, error_idt = 2;

bool of_software(EventType type) {
  return type == EventType::software_interrupt || type == EventType::software_exception ||
         type == EventType::privileged_software_exception;
}

// SDM vol. 3, "Error Code": EXT is clear only for what INT n, INT3 and INTO met.
u32 ext_bit(const Delivery& delivery) {
  const bool by_program =
      delivery.type == EventType::software_interrupt || delivery.type == EventType::software_exception;
  return by_program ? 0 : error_ext;
}

struct Handler64 {
  Gate gate;
  Descriptor code;
  u8 cpl = 0;
};

Step read_gate(Cpu& cpu, const Delivery& delivery, Gate& gate) {
  const u32 error_code = static_cast<u32>(delivery.vector) << 3 | error_idt | ext_bit(delivery);
  const u64 offset = static_cast<u64>(delivery.vector) * 16;
  if (offset + 15 > cpu.system.idtr.limit) return fail_gp(cpu, error_code);
  const u64 linear = cpu.system.idtr.base + offset;
  if (const Step step = load_system(cpu, nullptr, linear, 8, gate.low); step != Step::done) return step;
  if (const Step step = load_system(cpu, nullptr, linear + 8, 8, gate.high); step != Step::done) return step;
  const bool fits = gate.type() == system_type::interrupt_gate || gate.type() == system_type::trap_gate;
  if (!gate.system() || !fits) return fail_gp(cpu, error_code);
  // INT1 needs no permission of the gate: it is not counted among the software interrupts.
  if (ext_bit(delivery) == 0 && gate.dpl() < cpu.system.cpl()) return fail_gp(cpu, error_code);
  if (!gate.present()) return fail(cpu, arch::fault(arch::vector::np, error_code));
  return Step::done;
}

Step read_handler_code(Cpu& cpu, const Delivery& delivery, Handler64& handler, Found& found) {
  const u32 ext = ext_bit(delivery);
  const Selector selector = handler.gate.selector();
  const u8 cpl = cpu.system.cpl();
  if (selector.null()) return fail_gp(cpu, ext);
  if (const Step step = fetch_descriptor(cpu, nullptr, selector, found, arch::vector::gp, ext); step != Step::done)
    return step;
  const Descriptor& code = found.descriptor;
  if (!code.code() || code.dpl() > cpl) return fail_gp(cpu, selector.error_code() | ext);
  if (!code.long_mode() || code.big()) return fail_gp(cpu, selector.error_code() | ext);
  if (!code.present()) return fail(cpu, arch::fault(arch::vector::np, selector.error_code() | ext));
  handler.code = code;
  handler.cpl = code.conforming() ? cpl : code.dpl();
  return Step::done;
}

// SDM vol. 3, "Instruction-Breakpoint Exception Condition": RF in the pushed image is 1 for faults.
bool pushes_resume_flag(const Delivery& delivery, u64 debug_cause) {
  if (delivery.type != EventType::hardware_exception) return false;
  switch (delivery.vector) {
    case arch::vector::db:
      return has_bit(debug_cause, 13);  // general detect is the only debug fault here
    case arch::vector::bp:
    case arch::vector::of:
    case arch::vector::df:
    case arch::vector::mc:
      return false;
    default:
      return true;
  }
}

struct Frame {
  std::array<u64, 6> words{};  // from the lowest address up
  unsigned count = 0;
  void push_front_in_order(u64 word) { words[count++] = word; }
};

Frame make_frame(Cpu& cpu, const Delivery& delivery, u64 rflags_image) {
  Frame frame;
  if (delivery.has_error_code) frame.push_front_in_order(delivery.error_code);
  frame.push_front_in_order(cpu.rip() + (of_software(delivery.type) ? delivery.instruction_length : 0));
  frame.push_front_in_order(cpu.system.segments[arch::cs].selector);
  frame.push_front_in_order(rflags_image);
  frame.push_front_in_order(cpu.gpr(arch::rsp));
  frame.push_front_in_order(cpu.system.segments[arch::ss].selector);
  return frame;
}

// Written from the top down, as pushes are; `rsp` becomes the new stack pointer.
Step push_frame(Cpu& cpu, const Frame& frame, u8 handler_cpl, u64& rsp) {
  const Privilege privilege = handler_cpl == 3 ? Privilege::current : Privilege::supervisor;
  for (unsigned index = frame.count; index-- > 0;) {
    rsp -= 8;
    if (!cpu.store_slow(nullptr, rsp, 8, frame.words[index], arch::ss, privilege)) return Step::pending;
  }
  return Step::done;
}

// #SS and #GP that an access of the delivery met carry EXT like every other fault of it.
void add_ext_to_pending(Cpu& cpu, u32 ext) {
  Cpu::Pending pending = cpu.pending();
  const bool selector_like = pending.fault.vector == arch::vector::ss || pending.fault.vector == arch::vector::gp;
  if (pending.verdict != Verdict::fault || !selector_like || !pending.fault.has_error_code) return;
  pending.fault.error_code |= ext;
  cpu.set_pending(Verdict::fault, pending.fault);
}

void enter_handler(Cpu& cpu, const Handler64& handler, u64 rsp) {
  arch::CpuState& state = cpu.system;
  const u8 old_cpl = state.cpl();
  state.segments[arch::cs] = code_segment(handler.code, handler.gate.selector().with_rpl(handler.cpl));
  if (handler.cpl != old_cpl) state.segments[arch::ss] = null_segment({handler.cpl}, handler.cpl);
  cpu.gpr(arch::rsp) = rsp;
  u64 cleared = arch::flag::tf | arch::flag::nt | arch::flag::rf | arch::flag::vm;
  if (handler.gate.type() == system_type::interrupt_gate) cleared |= arch::flag::if_;
  cpu.set_rflags(cpu.rflags() & ~cleared);
  cpu.set_rip(handler.gate.offset());
  state.blocking_by_sti = false;
  state.blocking_by_mov_ss = false;
  state.activity = arch::Activity::active;
  cpu.mode_changed();
}

void tell(Cpu& cpu, const Delivery& delivery, u64 rip) {
  const bool interrupt = delivery.type == EventType::external_interrupt || delivery.type == EventType::nmi ||
                         delivery.type == EventType::software_interrupt;
  if (interrupt) {
    trace::Interrupt event;
    event.phase = static_cast<u8>(trace::InterruptPhase::delivered);
    event.line = 255;
    event.vector = delivery.vector;
    event.rip = rip;
    cpu.bus().emit(event);
    return;
  }
  trace::Exception event;
  event.vector = delivery.vector;
  event.has_error_code = delivery.has_error_code;
  event.error_code = delivery.error_code;
  event.rip = rip;
  event.cr2 = delivery.vector == arch::vector::pf ? cpu.system.cr2 : 0;
  cpu.bus().emit(event);
}

Step deliver_checked(Cpu& cpu, const Delivery& delivery, u64 debug_cause) {
  const u32 ext = ext_bit(delivery);
  Handler64 handler;
  Found found;
  if (const Step step = read_gate(cpu, delivery, handler.gate); step != Step::done) return step;
  if (const Step step = read_handler_code(cpu, delivery, handler, found); step != Step::done) return step;
  u64 rsp = cpu.gpr(arch::rsp);
  const u8 stack_table = handler.gate.stack_table();
  if (handler.cpl != cpu.system.cpl() || stack_table != 0) {
    const Step step = stack_from_tss(cpu, nullptr, handler.cpl, stack_table, ext, rsp);
    if (step != Step::done) return step;
  }
  rsp &= ~15ULL;  // SDM vol. 3, "64-Bit Mode Stack Frame"
  if (!is_canonical(handler.gate.offset())) return fail_gp(cpu, ext);
  const u64 resume = pushes_resume_flag(delivery, debug_cause) ? arch::flag::rf : 0;
  const Frame frame = make_frame(cpu, delivery, cpu.rflags() | resume);
  if (const Step step = push_frame(cpu, frame, handler.cpl, rsp); step != Step::done) return step;
  if (const Step step = mark_accessed(cpu, nullptr, found); step != Step::done) return step;
  handler.code = found.descriptor;
  enter_handler(cpu, handler, rsp);
  return Step::done;
}

// SDM vol. 3, "Debug Exceptions": what the processor notes before the handler runs.
void note_cause(Cpu& cpu, const arch::Fault& fault) {
  if (fault.vector == arch::vector::pf) cpu.system.cr2 = fault.cr2;
  if (fault.vector == arch::vector::db) {
    cpu.system.dr[6] |= fault.cr2;
    cpu.system.dr[7] &= ~bit(13);  // GD, so that the handler can reach the debug registers
  }
}

Delivery delivery_of(const arch::Fault& fault) {
  return {fault.vector, EventType::hardware_exception, fault.has_error_code, fault.error_code, 0};
}

}  // namespace

Verdict Cpu::deliver(const Delivery& delivery) { return deliver_once(delivery, 0); }

Verdict Cpu::deliver_once(const Delivery& delivery, u64 debug_cause) {
  const u64 rip_before = rip_;
  delivery_in_progress_ = &delivery;
  set_pending(Verdict::proceed);
  const Step step = deliver_checked(*this, delivery, debug_cause);
  if (step == Step::done) {
    if (delivery.type == EventType::nmi) system.blocking_by_nmi = true;
    charge(tuning_.cycles_per_delivery);
    tell(*this, delivery, rip_before);
  } else {
    add_ext_to_pending(*this, ext_bit(delivery));
  }
  delivery_in_progress_ = nullptr;
  return step == Step::done ? Verdict::proceed : pending_.verdict;
}

// `delivery` is replaced by what its own delivery meets, until one arrives, exits, or nothing is left but shutdown.
Raised Cpu::deliver_to_end(Delivery delivery, arch::Fault fault, Asking asking) {
  Delivery outer;
  const Delivery* broken_off = nullptr;  // what the pins see while they are asked about `delivery`
  for (;;) {
    delivery_in_progress_ = broken_off;
    const bool exits = asking == Asking::pins_first && ports_.exception_exits(fault, delivery);
    delivery_in_progress_ = nullptr;
    if (exits) return Raised::vm_exit;
    // An injected event changes neither CR2 nor the debug registers (SDM vol. 3, "Event Injection").
    if (asking != Asking::injected && delivery.type == EventType::hardware_exception) note_cause(*this, fault);
    const Verdict verdict = deliver_once(delivery, delivery.vector == arch::vector::db ? fault.cr2 : 0);
    // Also where VM entry injects it again after an exit broke its delivery off: RIP passes the instruction now.
    if (verdict == Verdict::proceed && of_software(delivery.type)) ++retired_;
    if (verdict == Verdict::proceed) return Raised::delivered;
    if (verdict == Verdict::exit) return Raised::vm_exit;
    asking = Asking::pins_first;
    fault = pending_.fault;
    set_pending(Verdict::proceed);
    const auto first = exception_class(delivery.vector, delivery.type);
    const auto second = exception_class(fault.vector, EventType::hardware_exception);
    // SDM vol. 3, "Information for VM Exits During Event Delivery": an exit by a double fault or a triple fault does
    // not count as one during the delivery of the first event.
    switch (nested_exception(first, second)) {
      case NestedOutcome::serial:
        outer = delivery;
        broken_off = &outer;
        break;
      case NestedOutcome::double_fault:
        broken_off = nullptr;
        fault = arch::fault(arch::vector::df, 0);
        break;
      case NestedOutcome::shutdown:
        if (ports_.triple_fault_exits()) return Raised::vm_exit;
        system.activity = arch::Activity::shutdown;
        return Raised::shutdown;
    }
    delivery = delivery_of(fault);
  }
}

Raised Cpu::raise(const arch::Fault& fault) { return deliver_to_end(delivery_of(fault), fault, Asking::pins_first); }

Raised Cpu::raise_software(const Delivery& delivery) {
  // SDM vol. 3, "Other Causes of VM Exits": the exception bitmap concerns INT3, INTO and INT1, never INT n.
  const bool asks = delivery.type != EventType::software_interrupt;
  return deliver_to_end(delivery, arch::fault(delivery.vector), asks ? Asking::pins_first : Asking::nobody);
}

Raised Cpu::raise_event(const Delivery& delivery) {
  ++deliveries_;
  return deliver_to_end(delivery, arch::fault(delivery.vector), Asking::injected);
}

}  // namespace trapline::cpu
