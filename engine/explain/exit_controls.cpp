// Which control of the VMCS makes a reason exit: SDM vol. 3, "Instructions That Cause VM Exits" and the definitions of
// the VM-execution controls.
#include "base/bits.h"
#include "explain/exits.h"

namespace trapline::explain {

namespace {

using Reason = spec::ExitReason;
using Field = spec::VmcsField;

struct Control {
  Reason reason;
  Field field;
  u8 bit;
  std::string_view name;
};

constexpr Field pin = Field::pin_based_controls, primary = Field::primary_processor_based_controls,
                secondary = Field::secondary_processor_based_controls;

constexpr Control controls[] = {
    {Reason::EXTERNAL_INTERRUPT, pin, 0, "external-interrupt exiting"},
    {Reason::INTERRUPT_WINDOW, primary, 2, "interrupt-window exiting"},
    {Reason::NMI_WINDOW, primary, 22, "NMI-window exiting"},
    {Reason::HLT, primary, 7, "HLT exiting"},
    {Reason::INVLPG, primary, 9, "INVLPG exiting"},
    {Reason::INVPCID, primary, 9, "INVLPG exiting"},
    {Reason::MWAIT_INSTRUCTION, primary, 10, "MWAIT exiting"},
    {Reason::RDPMC, primary, 11, "RDPMC exiting"},
    {Reason::RDTSC, primary, 12, "RDTSC exiting"},
    {Reason::RDTSCP, primary, 12, "RDTSC exiting"},
    {Reason::DR_ACCESS, primary, 23, "MOV-DR exiting"},
    {Reason::MONITOR_TRAP_FLAG, primary, 27, "monitor trap flag"},
    {Reason::MONITOR_INSTRUCTION, primary, 29, "MONITOR exiting"},
    {Reason::PAUSE_INSTRUCTION, primary, 30, "PAUSE exiting"},
    {Reason::EPT_VIOLATION, secondary, 1, "enable EPT"},
    {Reason::EPT_MISCONFIG, secondary, 1, "enable EPT"},
    {Reason::GDTR_IDTR, secondary, 2, "descriptor-table exiting"},
    {Reason::LDTR_TR, secondary, 2, "descriptor-table exiting"},
    {Reason::WBINVD, secondary, 6, "WBINVD exiting"},
    {Reason::RDRAND, secondary, 11, "RDRAND exiting"},
    {Reason::RDSEED, secondary, 16, "RDSEED exiting"},
};

constexpr Reason unconditional[] = {Reason::CPUID,   Reason::GETSEC,   Reason::INVD,    Reason::VMCALL,
                                    Reason::VMCLEAR, Reason::VMLAUNCH, Reason::VMPTRLD, Reason::VMPTRST,
                                    Reason::VMREAD,  Reason::VMRESUME, Reason::VMWRITE, Reason::VMOFF,
                                    Reason::VMON,    Reason::INVEPT,   Reason::INVVPID, Reason::XSETBV};

Say area_of(Field field) {
  if (field == pin) return Say::controls_pin;
  return field == primary ? Say::controls_primary : Say::controls_secondary;
}

void say_bit(Account& account, Field field, unsigned bit_index, std::string_view name, bool wanted) {
  const std::string area = account.text(area_of(field));
  const auto writer = writer_of(account, field);
  account.cite(field == pin ? Section::pin_controls : Section::processor_controls);
  // A writer that says otherwise is not the last one; the exit itself proves the bit.
  if (!writer || has_bit(writer->as<trace::VmcsWrite>()->value, bit_index) != wanted)
    return account.say(Say::exit_control_unseen, {name, area});
  account.say(wanted ? Say::exit_control : Say::exit_control_off, {name, area, number(writer->sequence())});
  account.link(Say::link_control, writer);
}

bool is_set(Account& account, Field field, unsigned bit_index) {
  const auto writer = writer_of(account, field);
  return writer && has_bit(writer->as<trace::VmcsWrite>()->value, bit_index);
}

void say_cr_control(Account& account, u64 qualification) {
  const u64 cr = bits(qualification, 3, 0), type = bits(qualification, 5, 4);
  if (type > 1) return;
  if (cr == 3)
    return say_bit(account, primary, type == 0 ? 15 : 16, type == 0 ? "CR3-load exiting" : "CR3-store exiting", true);
  if (cr == 8)
    say_bit(account, primary, type == 0 ? 19 : 20, type == 0 ? "CR8-load exiting" : "CR8-store exiting", true);
}

}  // namespace

std::optional<trace::RecordedEvent> writer_of(Account& account, spec::VmcsField field) {
  const auto same = [&](const trace::VmcsWrite& write, const trace::RecordedEvent& event) {
    return write.field == static_cast<u32>(field) && event.sequence() < account.sequence();
  };
  if (const auto found = account.around().last<trace::VmcsWrite>(account.sequence(), same)) return found;
  return account.around().next<trace::VmcsWrite>(0, same);
}

void say_control(Account& account, const trace::VmExit& exit) {
  const auto reason = static_cast<Reason>(exit.reason);
  for (const Reason always : unconditional)
    if (always == reason) {
      account.cite(Section::unconditional_exits);
      return account.say(Say::exit_unconditional);
    }
  if (reason == Reason::CR_ACCESS) return say_cr_control(account, exit.qualification);
  if (reason == Reason::IO_INSTRUCTION) {
    const bool by_bitmap = is_set(account, primary, 25);
    return say_bit(account, primary, by_bitmap ? 25 : 24, by_bitmap ? "use I/O bitmaps" : "unconditional I/O exiting",
                   true);
  }
  if (reason == Reason::MSR_READ || reason == Reason::MSR_WRITE)
    return say_bit(account, primary, 28, "use MSR bitmaps", is_set(account, primary, 28));
  for (const Control& control : controls)
    if (control.reason == reason) return say_bit(account, control.field, control.bit, control.name, true);
}

}  // namespace trapline::explain
