// Exit qualifications and vectored events, bit by bit from the manual's tables.
#include <doctest/doctest.h>

#include "lab.h"
#include "vmx/guest_view.h"
#include "vmx/interception.h"

namespace trapline::vmx::test {
namespace {

using F = VmcsField;
using arch::EventType;
using spec::ExitReason;

void allow_everything(Vmcs& vmcs) {
  vmcs.set(F::primary_processor_based_controls, ~0U & ~(primary::use_io_bitmaps | primary::use_msr_bitmaps));
  vmcs.set(F::secondary_processor_based_controls, modelled_capabilities().secondary.may_be_one);
}

ExitInformation exit_of(const Lab& lab, const Attempt& attempt) {
  Vmcs vmcs = lab.unit.current();
  allow_everything(vmcs);
  const auto exit = instruction_exit(vmcs, lab.memory, attempt);
  REQUIRE(exit);
  CHECK(exit->instruction_length == attempt.length);
  return *exit;
}

TEST_CASE("exit qualification for control-register accesses") {
  Lab lab;
  lab.vmcs().set(F::cr0_guest_host_mask, ~0ULL);
  lab.vmcs().set(F::cr0_read_shadow, 8);
  Attempt attempt{.what = Sensitive::mov_to_cr, .length = 3, .gpr = 11, .number = 3, .value = 0x5000};
  CHECK(exit_of(lab, attempt).reason == ExitReason::CR_ACCESS);
  CHECK(exit_of(lab, attempt).qualification == 0xb03);
  attempt.what = Sensitive::mov_from_cr;
  CHECK(exit_of(lab, attempt).qualification == 0xb13);
  CHECK(exit_of(lab, {.what = Sensitive::clts, .length = 2}).qualification == 0x20);
  CHECK(exit_of(lab, {.what = Sensitive::lmsw, .length = 3, .value = 0x12347}).qualification == 0x23470030);
  const Attempt from_memory{
      .what = Sensitive::lmsw, .length = 4, .from_memory = true, .linear = 0xffff800000001234, .value = 1};
  CHECK(exit_of(lab, from_memory).qualification == 0x00010070);
  CHECK(exit_of(lab, from_memory).guest_linear == Gva(0xffff800000001234));
}

TEST_CASE("exit qualification for MOV DR") {
  Lab lab;
  CHECK(exit_of(lab, {.what = Sensitive::mov_dr, .length = 3, .gpr = 9, .number = 7}).qualification == 0x907);
  CHECK(exit_of(lab, {.what = Sensitive::mov_dr, .length = 3, .gpr = 9, .number = 7, .from_debug_register = true})
            .qualification == 0x917);
}

TEST_CASE("exit qualification for I/O instructions") {
  Lab lab;
  const auto qualification = [&](const Attempt& attempt) { return exit_of(lab, attempt).qualification; };
  CHECK(qualification({.what = Sensitive::out, .length = 1, .number = 0x3f8, .size = 1}) == 0x03f80000);
  CHECK(qualification({.what = Sensitive::in, .length = 2, .number = 0x60, .size = 1, .immediate_port = true}) ==
        0x00600048);
  CHECK(qualification({.what = Sensitive::in, .length = 1, .number = 0x1f0, .size = 2}) == 0x01f00009);
  CHECK(qualification({.what = Sensitive::out, .length = 1, .number = 0xf4, .size = 4}) == 0x00f40003);
  const Attempt string{.what = Sensitive::ins,
                       .length = 3,
                       .number = 0x1f0,
                       .size = 2,
                       .repeated = true,
                       .linear = 0x4000,
                       .instruction_information = 0x100};
  const ExitInformation exit = exit_of(lab, string);
  CHECK(exit.qualification == 0x01f00039);
  CHECK(exit.guest_linear == Gva(0x4000));
  CHECK(exit.instruction_information == 0x100);
  CHECK(!exit_of(lab, {.what = Sensitive::in, .length = 1, .size = 1, .linear = 0x4000}).guest_linear.known());
}

TEST_CASE("instructions with a memory operand report its displacement and the instruction information") {
  Lab lab;
  for (const Sensitive what : {Sensitive::lgdt, Sensitive::str, Sensitive::invpcid, Sensitive::vmx_instruction}) {
    const ExitInformation exit =
        exit_of(lab, {.what = what, .length = 5, .number = 18, .value = 0x123, .instruction_information = 0x456});
    CHECK(exit.qualification == 0x123);
    CHECK(exit.instruction_information == 0x456);
  }
  CHECK(exit_of(lab, {.what = Sensitive::lidt, .length = 4}).reason == ExitReason::GDTR_IDTR);
  CHECK(exit_of(lab, {.what = Sensitive::sldt, .length = 4}).reason == ExitReason::LDTR_TR);
  CHECK(exit_of(lab, {.what = Sensitive::vmx_instruction, .length = 3, .number = 26}).reason == ExitReason::VMOFF);
  CHECK(exit_of(lab, {.what = Sensitive::invlpg, .length = 3, .linear = 0x7000}).qualification == 0x7000);
  CHECK(exit_of(lab, {.what = Sensitive::gdt_task_switch, .length = 2, .number = 0x28, .value = 2}).qualification ==
        0x80000028);
}

// SDM vol. 3, "Exception Bitmap", for every error code of four bits and every mask and match of four bits.
TEST_CASE("page faults: bitmap, error-code mask and match") {
  Lab lab;
  Vmcs vmcs = lab.vmcs();
  u32 different = 0;
  for (const bool in_bitmap : {false, true})
    for (u32 mask = 0; mask < 16; ++mask)
      for (u32 match = 0; match < 16; ++match)
        for (u32 code = 0; code < 16; ++code) {
          vmcs.set(F::exception_bitmap, in_bitmap ? bit(14) : 0);
          vmcs.set(F::page_fault_error_code_mask, mask);
          vmcs.set(F::page_fault_error_code_match, match);
          bool equal = true;
          for (u32 each = 1; each < 16; each <<= 1)
            equal = equal && (((code & mask) & each) != 0) == ((match & each) != 0);
          const bool expected = equal ? in_bitmap : !in_bitmap;
          const auto exit = exception_exit(vmcs, arch::page_fault(code, 0x1234), EventType::hardware_exception, 0);
          different += exit.has_value() != expected;
        }
  CHECK(different == 0);
}

TEST_CASE("each bit of the exception bitmap belongs to its vector, and to exceptions alone") {
  Lab lab;
  for (u8 reserved = 0; reserved < 32; ++reserved)
    for (u8 vector = 0; vector < 32; ++vector) {
      if (vector == 14 || vector == 2) continue;
      Vmcs vmcs = lab.vmcs();
      vmcs.set(F::exception_bitmap, bit(reserved));
      CHECK(exception_exit(vmcs, arch::fault(vector), EventType::hardware_exception, 0).has_value() ==
            (vector == reserved));
      CHECK(!exception_exit(vmcs, arch::fault(vector), EventType::software_interrupt, 2));
      CHECK(!exception_exit(vmcs, arch::fault(vector), EventType::external_interrupt, 0));
    }
}

TEST_CASE("vectored events fill the interruption information") {
  Lab lab;
  Vmcs vmcs = lab.vmcs();
  vmcs.set(F::exception_bitmap, ~0U);
  const auto fault = exception_exit(vmcs, arch::page_fault(6, 0xdead000), EventType::hardware_exception, 0);
  REQUIRE(fault);
  CHECK(fault->reason == ExitReason::EXCEPTION_NMI);
  CHECK(fault->interruption_information == 0x80000b0e);
  CHECK(fault->interruption_error_code == 6);
  CHECK(fault->qualification == 0xdead000);
  const auto breakpoint = exception_exit(vmcs, arch::fault(arch::vector::bp), EventType::software_exception, 1);
  REQUIRE(breakpoint);
  CHECK(breakpoint->interruption_information == 0x80000603);
  CHECK(breakpoint->instruction_length == 1);
  const auto debug = exception_exit(vmcs, arch::fault(arch::vector::db), EventType::hardware_exception, 0, 0x4000);
  REQUIRE(debug);
  CHECK(debug->qualification == 0x4000);
  REQUIRE(nmi_exit(vmcs));
  CHECK(nmi_exit(vmcs)->interruption_information == 0x80000202);
}

TEST_CASE("an external interrupt is acknowledged only where the control says so") {
  Lab lab;
  Vmcs vmcs = lab.vmcs();
  int asked = 0;
  const auto acknowledge = [&] {
    ++asked;
    return u8{0x31};
  };
  auto exit = external_interrupt_exit(vmcs, acknowledge);
  REQUIRE(exit);
  CHECK(exit->interruption_information == 0);
  CHECK(asked == 0);
  vmcs.set(F::vm_exit_controls, vmcs.get(F::vm_exit_controls) | exit_control::acknowledge_interrupt_on_exit);
  exit = external_interrupt_exit(vmcs, acknowledge);
  REQUIRE(exit);
  CHECK(exit->interruption_information == 0x80000031);
  CHECK(asked == 1);
  vmcs.set(F::pin_based_controls, lab.capabilities.pin.must_be_one);
  CHECK(!external_interrupt_exit(vmcs, acknowledge));
  CHECK(!nmi_exit(vmcs));
  CHECK(asked == 1);
}

TEST_CASE("the interrupt window opens with IF and without blocking") {
  Lab lab;
  Vmcs vmcs = lab.vmcs();
  for (const bool control : {false, true})
    for (int conditions = 0; conditions < 8; ++conditions) {
      vmcs.set(F::primary_processor_based_controls, control ? primary::interrupt_window_exiting : 0);
      arch::CpuState state;
      state.rflags = conditions & 1 ? 0x202 : 2;
      state.blocking_by_sti = conditions & 2;
      state.blocking_by_mov_ss = conditions & 4;
      CHECK(interrupt_window_exit(vmcs, state).has_value() == (control && conditions == 1));
    }
}

TEST_CASE("an exit that breaks off a delivery tells which, unless a double or triple fault replaced it") {
  const arch::Delivery event{0x80, EventType::software_interrupt, false, 0, 2};
  ExitInformation exit = ept_violation(0x181, Gva(0x1000), Gpa(0x2000));
  broke_off_delivery(exit, event);
  CHECK(exit.idt_vectoring_information == 0x80000480);
  CHECK(exit.instruction_length == 2);
  const arch::Delivery fault{arch::vector::gp, EventType::hardware_exception, true, 0x18, 0};
  broke_off_delivery(exit, fault);
  CHECK(exit.idt_vectoring_information == 0x80000b0d);
  CHECK(exit.idt_vectoring_error_code == 0x18);
  ExitInformation shutdown = triple_fault();
  broke_off_delivery(shutdown, event);
  CHECK(shutdown == triple_fault());
  ExitInformation double_fault{ExitReason::EXCEPTION_NMI};
  double_fault.interruption_information = 0x80000b08;
  broke_off_delivery(double_fault, event);
  CHECK(double_fault.idt_vectoring_information == 0);
}

TEST_CASE("an EPT violation writes the linear address only where bit 7 says that it is valid") {
  CHECK(ept_violation(0x01, Gva(0x1000), Gpa(0x2000)).guest_linear == Gva::unknown());
  CHECK(ept_violation(0x81, Gva(0x1000), Gpa(0x2000)).guest_linear == Gva(0x1000));
  CHECK(ept_violation(0x81, Gva(0x1000), Gpa(0x2000)).guest_physical == Gpa(0x2000));
  CHECK(ept_misconfiguration(Gpa(0x3000)).qualification == 0);
}

TEST_CASE("TSC offsetting adds the offset modulo 2^64") {
  Lab lab;
  Vmcs vmcs = lab.vmcs();
  vmcs.set(F::tsc_offset, ~0ULL - 99);
  CHECK(guest_time_stamp_counter(vmcs, 1000) == 1000);
  vmcs.set(F::primary_processor_based_controls, primary::use_tsc_offsetting);
  CHECK(guest_time_stamp_counter(vmcs, 1000) == 900);
}

}  // namespace
}  // namespace trapline::vmx::test
