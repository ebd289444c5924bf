// The bits of the VMX controls by the manual's names: SDM vol. 3, "VM-Execution Control Fields", "VM-Exit Control
// Fields", "VM-Entry Control Fields". Names of controls that the model does not offer stand here too, so that a check
// can speak of them; what is offered is Capabilities' matter.
#pragma once

#include "base/integers.h"

namespace trapline::vmx {

namespace pin {
inline constexpr u32 external_interrupt_exiting = 1U << 0, nmi_exiting = 1U << 3, virtual_nmis = 1U << 5,
                     activate_preemption_timer = 1U << 6, process_posted_interrupts = 1U << 7;
}
namespace primary {
inline constexpr u32 interrupt_window_exiting = 1U << 2, use_tsc_offsetting = 1U << 3, hlt_exiting = 1U << 7,
                     invlpg_exiting = 1U << 9, mwait_exiting = 1U << 10, rdpmc_exiting = 1U << 11,
                     rdtsc_exiting = 1U << 12, cr3_load_exiting = 1U << 15, cr3_store_exiting = 1U << 16,
                     activate_tertiary_controls = 1U << 17, cr8_load_exiting = 1U << 19, cr8_store_exiting = 1U << 20,
                     use_tpr_shadow = 1U << 21, nmi_window_exiting = 1U << 22, mov_dr_exiting = 1U << 23,
                     unconditional_io_exiting = 1U << 24, use_io_bitmaps = 1U << 25, monitor_trap_flag = 1U << 27,
                     use_msr_bitmaps = 1U << 28, monitor_exiting = 1U << 29, pause_exiting = 1U << 30,
                     activate_secondary_controls = 1U << 31;
}
namespace secondary {
inline constexpr u32 virtualize_apic_accesses = 1U << 0, enable_ept = 1U << 1, descriptor_table_exiting = 1U << 2,
                     enable_rdtscp = 1U << 3, virtualize_x2apic_mode = 1U << 4, enable_vpid = 1U << 5,
                     wbinvd_exiting = 1U << 6, unrestricted_guest = 1U << 7, apic_register_virtualization = 1U << 8,
                     virtual_interrupt_delivery = 1U << 9, pause_loop_exiting = 1U << 10, rdrand_exiting = 1U << 11,
                     enable_invpcid = 1U << 12, enable_vm_functions = 1U << 13, vmcs_shadowing = 1U << 14,
                     rdseed_exiting = 1U << 16, enable_pml = 1U << 17, ept_violation_ve = 1U << 18,
                     enable_xsaves = 1U << 20;
}
namespace exit_control {
inline constexpr u32 save_debug_controls = 1U << 2, host_address_space_size = 1U << 9, load_perf_global_ctrl = 1U << 12,
                     acknowledge_interrupt_on_exit = 1U << 15, save_pat = 1U << 18, load_pat = 1U << 19,
                     save_efer = 1U << 20, load_efer = 1U << 21, save_preemption_timer = 1U << 22;
}
namespace entry_control {
inline constexpr u32 load_debug_controls = 1U << 2, ia32e_mode_guest = 1U << 9, entry_to_smm = 1U << 10,
                     deactivate_dual_monitor = 1U << 11, load_perf_global_ctrl = 1U << 13, load_pat = 1U << 14,
                     load_efer = 1U << 15;
}

// Interruption information, as VM entry reads it and VM exits write it (SDM vol. 3, "VM-Entry Controls for Event
// Injection", "Information for VM Exits Due to Vectored Events").
namespace interruption {
inline constexpr u32 vector_mask = 0xff, type_shift = 8, type_mask = 7U << type_shift, error_code_valid = 1U << 11,
                     nmi_unblocking = 1U << 12, valid = 1U << 31;
}
// Guest interruptibility state (SDM vol. 3, "Guest Non-Register State").
namespace interruptibility {
inline constexpr u32 blocking_by_sti = 1, blocking_by_mov_ss = 2, blocking_by_smi = 4, blocking_by_nmi = 8;
}

}  // namespace trapline::vmx
