// One small function per family of instructions; which exits a control governs can be read from its one line.
#include "vmx/interception.h"

#include "vmx/bitmaps.h"
#include "vmx/controls.h"

namespace trapline::vmx {
namespace {

using spec::ExitReason;
using Answer = std::optional<ExitInformation>;

ExitInformation exit_for(ExitReason reason, const Attempt& attempt, u64 qualification = 0) {
  ExitInformation exit{reason};
  exit.instruction_length = attempt.length;
  exit.qualification = qualification;
  return exit;
}

Answer exit_if(bool exits, ExitReason reason, const Attempt& attempt, u64 qualification = 0) {
  return exits ? Answer(exit_for(reason, attempt, qualification)) : std::nullopt;
}

// Instructions that report their memory operand: displacement and VM-exit instruction information.
Answer exit_with_operand_if(bool exits, ExitReason reason, const Attempt& attempt) {
  Answer answer = exit_if(exits, reason, attempt, attempt.value);
  if (answer) answer->instruction_information = attempt.instruction_information;
  return answer;
}

// ---- control registers: "Exit Qualification for Control-Register Accesses" -----------------------------------------
enum class CrAccess : u64 { mov_to = 0, mov_from = 1, clts = 2, lmsw = 3 };

u64 cr_qualification(CrAccess access, const Attempt& attempt) {
  const u64 type = static_cast<u64>(access) << 4;
  switch (access) {
    case CrAccess::clts:
      return type;
    case CrAccess::lmsw:
      return type | (attempt.from_memory ? bit(6) : 0) | (attempt.value & 0xffff) << 16;
    default:
      return type | (attempt.number & 15U) | static_cast<u64>(attempt.gpr & 15U) << 8;
  }
}

bool is_cr3_target(const Vmcs& vmcs, u64 value) {
  const u64 count = vmcs.get(VmcsField::cr3_target_count);
  for (u32 index = 0; index < count && index < 4; ++index)
    if (vmcs.get(static_cast<VmcsField>(static_cast<u32>(VmcsField::cr3_target_value_0) + 2 * index)) == value)
      return true;
  return false;
}

bool mov_to_cr_exits(const Vmcs& vmcs, const Attempt& attempt) {
  switch (attempt.number) {
    case 0:
      return (attempt.value ^ vmcs.get(VmcsField::cr0_read_shadow)) & vmcs.get(VmcsField::cr0_guest_host_mask);
    case 3:
      return vmcs.primary(primary::cr3_load_exiting) && !is_cr3_target(vmcs, attempt.value);
    case 4:
      return (attempt.value ^ vmcs.get(VmcsField::cr4_read_shadow)) & vmcs.get(VmcsField::cr4_guest_host_mask);
    case 8:
      return vmcs.primary(primary::cr8_load_exiting);
    default:
      return false;
  }
}

bool mov_from_cr_exits(const Vmcs& vmcs, const Attempt& attempt) {
  if (attempt.number == 3) return vmcs.primary(primary::cr3_store_exiting);
  if (attempt.number == 8) return vmcs.primary(primary::cr8_store_exiting);
  return false;
}

// LMSW cannot clear PE, so an attempt to do so is no reason to exit.
bool lmsw_exits(const Vmcs& vmcs, u64 value) {
  const u64 mask = vmcs.get(VmcsField::cr0_guest_host_mask);
  const u64 differs = (value ^ vmcs.get(VmcsField::cr0_read_shadow)) & mask;
  const u64 above_pe = arch::cr0::mp | arch::cr0::em | arch::cr0::ts;
  return (differs & above_pe) || (differs & value & arch::cr0::pe);
}

bool clts_exits(const Vmcs& vmcs) {
  return vmcs.get(VmcsField::cr0_guest_host_mask) & vmcs.get(VmcsField::cr0_read_shadow) & arch::cr0::ts;
}

Answer cr_exit(const Vmcs& vmcs, const Attempt& attempt) {
  switch (attempt.what) {
    case Sensitive::mov_to_cr:
      return exit_if(mov_to_cr_exits(vmcs, attempt), ExitReason::CR_ACCESS, attempt,
                     cr_qualification(CrAccess::mov_to, attempt));
    case Sensitive::mov_from_cr:
      return exit_if(mov_from_cr_exits(vmcs, attempt), ExitReason::CR_ACCESS, attempt,
                     cr_qualification(CrAccess::mov_from, attempt));
    case Sensitive::clts:
      return exit_if(clts_exits(vmcs), ExitReason::CR_ACCESS, attempt, cr_qualification(CrAccess::clts, attempt));
    case Sensitive::lmsw: {
      Answer answer = exit_if(lmsw_exits(vmcs, attempt.value), ExitReason::CR_ACCESS, attempt,
                              cr_qualification(CrAccess::lmsw, attempt));
      if (answer && attempt.from_memory) answer->guest_linear = Gva(attempt.linear);
      return answer;
    }
    default:  // SMSW reads CR0 through mask and shadow
      return std::nullopt;
  }
}

// "Exit Qualification for MOV DR"
Answer dr_exit(const Vmcs& vmcs, const Attempt& attempt) {
  const u64 qualification =
      (attempt.number & 7U) | (attempt.from_debug_register ? bit(4) : 0) | static_cast<u64>(attempt.gpr & 15U) << 8;
  return exit_if(vmcs.primary(primary::mov_dr_exiting), ExitReason::DR_ACCESS, attempt, qualification);
}

// "Exit Qualification for I/O Instructions"
Answer io_exit(const Vmcs& vmcs, const memory::HostMemory& memory, const Attempt& attempt) {
  const bool exits = vmcs.primary(primary::use_io_bitmaps)
                         ? io_bitmaps_reserve(vmcs, memory, attempt.number, attempt.size)
                         : vmcs.primary(primary::unconditional_io_exiting);
  if (!exits) return std::nullopt;
  const bool input = attempt.what == Sensitive::in || attempt.what == Sensitive::ins;
  const bool string = attempt.what == Sensitive::ins || attempt.what == Sensitive::outs;
  ExitInformation exit = exit_for(ExitReason::IO_INSTRUCTION, attempt);
  exit.qualification = ((attempt.size - 1U) & 7) | (input ? bit(3) : 0) | (string ? bit(4) : 0) |
                       (attempt.repeated ? bit(5) : 0) | (attempt.immediate_port ? bit(6) : 0) |
                       static_cast<u64>(attempt.number) << 16;
  if (string) {
    exit.instruction_information = attempt.instruction_information;
    exit.guest_linear = Gva(attempt.linear);
  }
  return exit;
}

Answer msr_exit(const Vmcs& vmcs, const memory::HostMemory& memory, const Attempt& attempt) {
  const bool write = attempt.what == Sensitive::wrmsr;
  const bool exits = !vmcs.primary(primary::use_msr_bitmaps) ||
                     msr_bitmaps_reserve(vmcs, memory, attempt.msr, write ? MsrAccess::write : MsrAccess::read);
  return exit_if(exits, write ? ExitReason::MSR_WRITE : ExitReason::MSR_READ, attempt);
}

Answer table_exit(const Vmcs& vmcs, const Attempt& attempt) {
  const bool gdtr_or_idtr = attempt.what == Sensitive::sgdt || attempt.what == Sensitive::sidt ||
                            attempt.what == Sensitive::lgdt || attempt.what == Sensitive::lidt;
  return exit_with_operand_if(vmcs.secondary(secondary::descriptor_table_exiting),
                              gdtr_or_idtr ? ExitReason::GDTR_IDTR : ExitReason::LDTR_TR, attempt);
}

Answer random_exit(bool exits, ExitReason reason, const Attempt& attempt) {
  Answer answer = exit_if(exits, reason, attempt);
  if (answer) answer->instruction_information = attempt.instruction_information;
  return answer;
}

Answer task_switch_exit(const Attempt& attempt) {
  return exit_for(ExitReason::TASK_SWITCH, attempt, attempt.number | (attempt.value & 3) << 30);
}

// Instructions that one control, or none, decides.
Answer simple_exit(const Vmcs& vmcs, const Attempt& attempt) {
  switch (attempt.what) {
    case Sensitive::cpuid:
      return exit_for(ExitReason::CPUID, attempt);
    case Sensitive::invd:
      return exit_for(ExitReason::INVD, attempt);
    case Sensitive::xsetbv:
      return exit_for(ExitReason::XSETBV, attempt);
    case Sensitive::vmx_instruction:
      return exit_with_operand_if(true, static_cast<ExitReason>(attempt.number), attempt);
    case Sensitive::hlt:
      return exit_if(vmcs.primary(primary::hlt_exiting), ExitReason::HLT, attempt);
    case Sensitive::rdtsc:
      return exit_if(vmcs.primary(primary::rdtsc_exiting), ExitReason::RDTSC, attempt);
    case Sensitive::rdtscp:
      return exit_if(vmcs.primary(primary::rdtsc_exiting), ExitReason::RDTSCP, attempt);
    case Sensitive::rdpmc:
      return exit_if(vmcs.primary(primary::rdpmc_exiting), ExitReason::RDPMC, attempt);
    case Sensitive::invlpg:
      return exit_if(vmcs.primary(primary::invlpg_exiting), ExitReason::INVLPG, attempt, attempt.linear);
    case Sensitive::invpcid:
      return exit_with_operand_if(vmcs.primary(primary::invlpg_exiting), ExitReason::INVPCID, attempt);
    case Sensitive::wbinvd:
      return exit_if(vmcs.secondary(secondary::wbinvd_exiting), ExitReason::WBINVD, attempt);
    case Sensitive::pause:
      return exit_if(vmcs.primary(primary::pause_exiting), ExitReason::PAUSE_INSTRUCTION, attempt);
    case Sensitive::monitor:
      return exit_if(vmcs.primary(primary::monitor_exiting), ExitReason::MONITOR_INSTRUCTION, attempt);
    case Sensitive::mwait:
      return exit_if(vmcs.primary(primary::mwait_exiting), ExitReason::MWAIT_INSTRUCTION, attempt);
    case Sensitive::rdrand:
      return random_exit(vmcs.secondary(secondary::rdrand_exiting), ExitReason::RDRAND, attempt);
    case Sensitive::rdseed:
      return random_exit(vmcs.secondary(secondary::rdseed_exiting), ExitReason::RDSEED, attempt);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool is_undefined(const Vmcs& vmcs, Sensitive what) {
  switch (what) {
    case Sensitive::rdtscp:
      return !vmcs.secondary(secondary::enable_rdtscp);
    case Sensitive::invpcid:
      return !vmcs.secondary(secondary::enable_invpcid);
    case Sensitive::xsaves:
      return !vmcs.secondary(secondary::enable_xsaves);
    default:
      return false;
  }
}

Answer instruction_exit(const Vmcs& vmcs, const memory::HostMemory& memory, const Attempt& attempt) {
  if (is_undefined(vmcs, attempt.what)) return std::nullopt;
  switch (attempt.what) {
    case Sensitive::mov_to_cr:
    case Sensitive::mov_from_cr:
    case Sensitive::clts:
    case Sensitive::lmsw:
    case Sensitive::smsw:
      return cr_exit(vmcs, attempt);
    case Sensitive::mov_dr:
      return dr_exit(vmcs, attempt);
    case Sensitive::in:
    case Sensitive::out:
    case Sensitive::ins:
    case Sensitive::outs:
      return io_exit(vmcs, memory, attempt);
    case Sensitive::rdmsr:
    case Sensitive::wrmsr:
      return msr_exit(vmcs, memory, attempt);
    case Sensitive::sgdt:
    case Sensitive::sidt:
    case Sensitive::lgdt:
    case Sensitive::lidt:
    case Sensitive::sldt:
    case Sensitive::str:
    case Sensitive::lldt:
    case Sensitive::ltr:
      return table_exit(vmcs, attempt);
    case Sensitive::gdt_task_switch:
      return task_switch_exit(attempt);
    default:
      return simple_exit(vmcs, attempt);
  }
}

}  // namespace trapline::vmx
