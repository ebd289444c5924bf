// The processor: exceptions, interrupts, CPUID, MSRs, control registers, ports, idling.
#include <algorithm>

#include "base/bits.h"
#include "base/hex.h"
#include "explain/decode.h"
#include "explain/exits.h"
#include "explain/tell.h"
#include "spec/msrs.h"
#include "spec/vectors.h"

namespace trapline::explain {

namespace {

constexpr u8 page_fault_vector = static_cast<u8>(spec::Vector::PF);

// What the four characters of a register spell, for CPUID leaf 0; a dot for what is no letter.
std::string letters_of(std::initializer_list<u32> registers) {
  std::string text;
  for (const u32 value : registers)
    for (unsigned i = 0; i < 4; ++i) {
      const char letter = static_cast<char>(value >> (8 * i));
      text += letter >= 0x20 && letter < 0x7f ? letter : '.';
    }
  return text;
}

std::string line_text(const Account& account, u8 line) {
  return line == 255 ? account.text(Say::word_unknown) : std::to_string(line);
}

// How a guest's access to a port or register came to the monitor.
void say_way(Account& account, Say by_exit, Say by_trap, Say by_return) {
  if (const auto exit = account.related_before<trace::VmExit>()) {
    account.say(by_exit, {number(exit->sequence())});
    account.link(Say::link_this_exit, exit);
  } else if (const auto trap = account.related_before<trace::Trap>()) {
    account.say(by_trap, {number(trap->sequence())});
    account.link(Say::link_trap, trap);
    account.link(Say::link_emulation, account.related_before<trace::Emulation>());
  } else if (const auto user = account.related_before<trace::UserExit>(); user && account.on_kvm()) {
    account.say(by_return, {number(user->sequence())});
    account.link(Say::link_user_exit, user);
  }
}

// Why an exception under hardware stays within the guest: only where the bitmap's writer is on the trace.
void say_not_intercepted(Account& account, const trace::Exception& exception) {
  const auto writer = writer_of(account, spec::VmcsField::exception_bitmap);
  const u64 bitmap = writer ? writer->as<trace::VmcsWrite>()->value : ~u64{0};
  if (exception.vector >= 32 || has_bit(bitmap, exception.vector)) return;
  account.say(Say::exception_hardware, {number(writer->sequence())});
  account.link(Say::link_control, writer);
  account.cite(Section::exception_bitmap);
}

}  // namespace

void tell(Account& account, const trace::Exception& exception) {
  const std::string vector = vector_text(account, exception.vector);
  account.title(Say::exception_title, {vector});
  const auto reflected = account.related_before<trace::FaultReflected>();
  account.say(reflected ? Say::exception_by_monitor : Say::exception, {vector, account.address(exception.rip)});
  account.say_text(error_code_text(account, exception.vector, exception.has_error_code != 0, exception.error_code));
  if (exception.vector == page_fault_vector) {
    account.say(Say::exception_cr2, {account.address(exception.cr2)});
    const auto walk =
        account.around().last<trace::WalkEnd>(account.sequence(), [&](const trace::WalkEnd& end, const auto&) {
          return end.gva == exception.cr2 && end.outcome == static_cast<u8>(trace::WalkOutcome::page_fault);
        });
    if (walk) account.say(Say::exception_walk, {number(walk->sequence())});
    account.link(Say::link_walk_end, walk);
    account.cite(Section::page_faults);
  }
  if (reflected) {
    account.say(Say::exception_full);
    account.link(Say::link_cause, reflected);
  } else if (account.by(trace::Technique::hardware)) {
    say_not_intercepted(account, exception);
  }
  account.cite(Section::exception_reference);
}

void tell(Account& account, const trace::Interrupt& interrupt) {
  const auto phase = static_cast<trace::InterruptPhase>(interrupt.phase);
  account.title(Say::interrupt_title, {account.word(phase)});
  static constexpr Say sentences[] = {Say::interrupt_raised, Say::interrupt_acknowledged, Say::interrupt_injected,
                                      Say::interrupt_delivered, Say::interrupt_lowered};
  const Say sentence = interrupt.phase < std::size(sentences) ? sentences[interrupt.phase] : Say::interrupt_other;
  account.say(sentence,
              {line_text(account, interrupt.line), hex_number(interrupt.vector), account.address(interrupt.rip)});
  if (interrupt.line == 0) account.say(Say::interrupt_line_timer);
  if (interrupt.line == 4) account.say(Say::interrupt_line_serial);
  if (interrupt.line == 14) account.say(Say::interrupt_line_disk);
  const auto same = [&](const trace::Interrupt& other, const trace::RecordedEvent&) {
    return other.line == interrupt.line || (interrupt.line == 255 && other.vector == interrupt.vector) ||
           (other.line == 255 && other.vector == interrupt.vector);
  };
  const bool first = phase == trace::InterruptPhase::raised, last = phase == trace::InterruptPhase::lowered;
  if (const auto before = account.around().last<trace::Interrupt>(account.sequence(), same); before && !first) {
    account.say(Say::interrupt_chain, {number(before->sequence())});
    account.link(Say::link_previous, before);
  }
  if (const auto after = account.around().next<trace::Interrupt>(account.sequence(), same); after && !last) {
    account.say(Say::interrupt_chain_next, {number(after->sequence())});
    account.link(Say::link_next, after);
  }
  account.cite(Section::maskable_interrupts);
  if (account.by(trace::Technique::hardware)) account.cite(Section::event_injection);
}

void tell(Account& account, const trace::Cpuid& cpuid) {
  account.title(Say::cpuid_title, {hex_number(cpuid.leaf)});
  account.say(Say::cpuid, {hex_number(cpuid.leaf), hex_number(cpuid.subleaf), hex_number(cpuid.eax),
                           hex_number(cpuid.ebx), hex_number(cpuid.ecx), hex_number(cpuid.edx)});
  if (cpuid.leaf == 0) account.say(Say::cpuid_vendor, {letters_of({cpuid.ebx, cpuid.edx, cpuid.ecx})});
  if (cpuid.leaf == 1) account.say(Say::cpuid_features, {has_bit(cpuid.ecx, 31) ? "1" : "0"});
  if (account.by(trace::Technique::hardware)) account.say(Say::cpuid_who_hardware);
  if (account.by(trace::Technique::full)) account.say(Say::cpuid_who_full);
  if (account.by(trace::Technique::para)) account.say(Say::cpuid_who_para);
  account.link(Say::link_this_exit, account.related_before<trace::VmExit>());
  account.link(Say::link_emulation, account.related_before<trace::Emulation>());
  account.link(Say::link_hypercall, account.related_before<trace::Hypercall>());
  account.cite(Section::cpuid_instruction);
  if (account.by(trace::Technique::hardware)) account.cite(Section::unconditional_exits);
}

void tell(Account& account, const trace::Msr& msr) {
  const std::string name = account.word("MsrIndex", msr.index);
  const bool write = msr.access == static_cast<u8>(trace::AccessKind::write);
  account.title(Say::msr_title, {write ? "WRMSR" : "RDMSR", name});
  account.say(write ? Say::msr_write : Say::msr_read, {name, account.address(msr.rip), hex_number(msr.value)});
  for (const auto& row : spec::msr_rows())
    if (static_cast<u64>(row.value) == msr.index)
      account.say(Say::msr_what, {account.spec("msr", row.name, row.sentence)});
  const auto exit = account.related_before<trace::VmExit>();
  if (exit) account.say(Say::msr_hardware_exit, {number(exit->sequence())});
  if (!exit && account.by(trace::Technique::hardware) && !account.on_kvm()) account.say(Say::msr_hardware_through);
  if (account.by(trace::Technique::full)) account.say(Say::msr_full);
  account.link(Say::link_this_exit, exit);
  account.link(Say::link_emulation, account.related_before<trace::Emulation>());
  account.cite(Section::architectural_msrs);
  account.cite(account.by(trace::Technique::full) ? Section::privileged_instructions : Section::msr_bitmaps);
}

namespace {

// What a write to CR3 means, and what it dropped.
void say_cr3(Account& account, const trace::CrAccess& access, bool exited) {
  account.say(access.value == access.old_value ? Say::cr3_same : Say::cr3_switch);
  const auto flush = account.around().next<trace::TlbFlush>(
      account.sequence(), [&](const trace::TlbFlush& other, const trace::RecordedEvent& event) {
        return other.cause == static_cast<u8>(trace::FlushCause::mov_cr3) && event.tick() == account.event().tick();
      });
  if (flush) {
    account.say(Say::cr3_flush, {std::to_string(flush->as<trace::TlbFlush>()->entries), number(flush->sequence())});
    account.link(Say::link_flush, flush);
  }
  if (!exited && account.by(trace::Technique::hardware) && !account.on_kvm()) account.say(Say::cr3_hardware);
  account.cite(Section::invalidation);
}

}  // namespace

void tell(Account& account, const trace::CrAccess& access) {
  const std::string cr = std::to_string(access.cr);
  account.title(Say::cr_title, {cr, hex_number(access.value)});
  account.say(Say::cr_write, {cr, account.address(access.rip), hex_number(access.old_value), hex_number(access.value)});
  const auto exit = account.related_before<trace::VmExit>();
  if (access.cr == 3)
    say_cr3(account, access, exit.has_value());
  else if (access.cr == 0 || access.cr == 4)
    account.say(Say::cr_bits,
                {changed_bits(account, control_register_bits(access.cr), access.old_value, access.value)});
  if (exit) account.say(Say::cr_exit, {number(exit->sequence())});
  account.link(Say::link_this_exit, exit);
  if (account.by(trace::Technique::full)) account.say(Say::cr_full);
  account.link(Say::link_emulation, account.related_before<trace::Emulation>());
  account.cite(Section::control_registers);
}

void tell(Account& account, const trace::PortIo& io) {
  const std::string port = hex_number(io.port);
  const bool write = io.access == static_cast<u8>(trace::AccessKind::write);
  account.title(Say::port_title, {account.text(write ? Say::port_out : Say::port_in), port});
  account.say(write ? Say::port_write : Say::port_read,
              {account.address(io.rip), std::to_string(io.size), port, hex_number(io.value)});
  account.say(Say::port_device, {port, device_text(account, io.port)});
  say_way(account, Say::port_how_exit, Say::port_how_trap, Say::port_how_kvm);
  account.cite(Section::io_ports);
  account.cite(Section::lab_ports);
}

void tell(Account& account, const trace::Mmio& mmio) {
  const std::string access = access_text(account, mmio.access);
  account.title(Say::mmio_title, {access, account.address(mmio.gpa)});
  account.say(Say::mmio, {account.address(mmio.rip), access, std::to_string(mmio.size), account.address(mmio.gpa),
                          hex_number(mmio.value)});
  account.say(Say::mmio_rule);
  say_way(account, Say::port_how_exit, Say::port_how_trap, Say::port_how_kvm);
  account.cite(Section::lab_memory);
}

void tell(Account& account, const trace::Idle& idle) {
  const bool known = idle.to_time != trace::unknown_number && idle.to_time >= idle.from_time;
  account.title(Say::idle_title,
                {known ? std::to_string(idle.to_time - idle.from_time) : account.text(Say::word_unknown)});
  account.say(Say::idle, {account.count(idle.from_time), account.count(idle.to_time)});
  if (const auto call = account.related_before<trace::Hypercall>()) {
    account.say(Say::idle_block, {number(call->sequence())});
    account.link(Say::link_hypercall, call);
  } else {
    auto cause = account.related_before<trace::VmExit>();
    if (!cause) cause = account.related_before<trace::Emulation>();
    if (cause) account.say(Say::idle_hlt, {number(cause->sequence())});
    account.link(Say::link_cause, cause);
  }
  account.cite(Section::hlt_instruction);
  account.cite(Section::lab_time);
}

}  // namespace trapline::explain
