// The VMX instructions: success, VMfailInvalid, VMfailValid with its number, and what lies in the regions afterwards.
#include <doctest/doctest.h>

#include "lab.h"
#include "spec/vmcs_part.h"
#include "vmx/recorded_vmcs.h"

namespace trapline::vmx::test {
namespace {

using F = VmcsField;
using Way = InstructionResult::Way;

u64 error_of(Lab& lab, const InstructionResult& result) {
  CHECK(result.way == Way::fail_valid);
  CHECK(lab.vmcs().get(F::vm_instruction_error) == static_cast<u32>(result.error));
  return static_cast<u32>(result.error);
}

TEST_CASE("VMXON wants an aligned region with the revision identifier, once") {
  trace::MemoryTrace trace;
  trace::Bus bus(trace::Level::exits, trace);
  memory::HostMemory memory(pages * page_bytes, bus);
  const Capabilities capabilities = modelled_capabilities();
  VmxUnit unit(capabilities, memory);
  CHECK(!unit.in_operation());
  CHECK(unit.vmxon(vmxon_region).way == Way::fail_invalid);  // no revision identifier yet
  memory.write(vmxon_region, 4, capabilities.revision, trace::Writer::monitor);
  CHECK(unit.vmxon(vmxon_region + 8).way == Way::fail_invalid);
  CHECK(unit.vmxon(Hpa(1ULL << 46)).way == Way::fail_invalid);
  CHECK(unit.vmxon(Hpa::of_page(pages)).way == Way::fail_invalid);
  CHECK(unit.vmxon(vmxon_region).ok());
  CHECK(unit.in_operation());
  CHECK(!unit.has_current());
  CHECK(unit.vmptrst().value == ~0ULL);
  CHECK(unit.vmxon(vmxon_region).way == Way::fail_invalid);  // in operation, without a current VMCS
  CHECK(unit.vmread(0x681e).way == Way::fail_invalid);
  CHECK(unit.vmwrite(0x681e, 0).way == Way::fail_invalid);
  CHECK(unit.vmxoff().ok());
  CHECK(!unit.in_operation());
}

TEST_CASE("instructions that fail leave their number in the VM-instruction error field") {
  Lab lab;
  CHECK(error_of(lab, lab.unit.vmxon(vmxon_region)) == 15);
  CHECK(error_of(lab, lab.unit.vmclear(Hpa(0x2001))) == 2);
  CHECK(error_of(lab, lab.unit.vmclear(Hpa(1ULL << 46))) == 2);
  CHECK(error_of(lab, lab.unit.vmclear(vmxon_region)) == 3);
  CHECK(error_of(lab, lab.unit.vmptrld(Hpa(0x2001))) == 9);
  CHECK(error_of(lab, lab.unit.vmptrld(vmxon_region)) == 10);
  CHECK(error_of(lab, lab.unit.vmptrld(msr_area)) == 11);             // another revision identifier
  CHECK(error_of(lab, lab.unit.vmptrld(Hpa::of_page(pages))) == 11);  // no memory there
  lab.memory.write(msr_area, 4, lab.capabilities.revision | bit(31), trace::Writer::monitor);
  CHECK(error_of(lab, lab.unit.vmptrld(msr_area)) == 11);  // shadow indicator
  CHECK(lab.unit.vmptrst().value == vmcs_region.value);
}

TEST_CASE("VMREAD and VMWRITE: every field of the model by full width, and the high halves of 64-bit fields") {
  Lab lab;
  constexpr u64 pattern = 0x0123456789abcdef;
  for (const spec::VmcsFieldInfo& field : spec::vmcs_field_rows()) {
    const u32 encoding = static_cast<u32>(field.value);
    CAPTURE(field.name);
    if (!field.modelled) {
      CHECK(error_of(lab, lab.unit.vmread(encoding)) == 12);
      CHECK(error_of(lab, lab.unit.vmwrite(encoding, 0)) == 12);
      continue;
    }
    if (spec::type_of_field(encoding) == spec::FieldType::read_only) {
      const u64 before = lab.vmcs().get(field.value);
      if (encoding != 0x4400) {
        CHECK(error_of(lab, lab.unit.vmwrite(encoding, pattern)) == 13);
        CHECK(lab.unit.vmread(encoding).value == before);
      }
      continue;
    }
    CHECK(lab.unit.vmwrite(encoding, pattern).ok());
    CHECK(lab.unit.vmread(encoding).value == (pattern & spec::mask_of_field(encoding)));
    if (spec::width_of_field(encoding) == spec::FieldWidth::bits_64) {
      CHECK(lab.unit.vmread(encoding + 1).value == pattern >> 32);
      CHECK(lab.unit.vmwrite(encoding + 1, 0xffffffff5a5a5a5a).ok());
      CHECK(lab.unit.vmread(encoding).value == (0x5a5a5a5a00000000 | (pattern & 0xffffffff)));
    } else {
      CHECK(error_of(lab, lab.unit.vmread(encoding + 1)) == 12);
      CHECK(error_of(lab, lab.unit.vmwrite(encoding + 1, 0)) == 12);
    }
  }
  for (const u64 nonsense : {0x1000ULL, 0x8000ULL, 0x7ffeULL, 0x10000681eULL, ~0ULL})
    CHECK(error_of(lab, lab.unit.vmread(nonsense)) == 12);
}

TEST_CASE("fields keep to themselves") {
  Vmcs vmcs;
  u64 next = 1;
  for (const spec::VmcsFieldInfo& field : spec::vmcs_field_rows()) vmcs.set(field.value, next++);
  next = 1;
  for (const spec::VmcsFieldInfo& field : spec::vmcs_field_rows()) CHECK(vmcs.get(field.value) == next++);
}

TEST_CASE("a VMCS survives the loading of another one, in its region") {
  Lab lab;
  lab.vmcs().set_launch_state(LaunchState::launched);
  const Vmcs first = lab.vmcs();
  REQUIRE(lab.unit.vmclear(other_vmcs).ok());
  REQUIRE(lab.unit.vmptrld(other_vmcs).ok());
  CHECK(lab.unit.vmptrst().value == other_vmcs.value);
  CHECK(lab.vmcs().launch_state() == LaunchState::clear);
  CHECK(lab.vmcs().get(F::guest_rip) == 0);
  CHECK(lab.unit.vmwrite(static_cast<u32>(F::guest_rip), 0x1234).ok());
  REQUIRE(lab.unit.vmptrld(vmcs_region).ok());
  CHECK(lab.vmcs() == first);
  REQUIRE(lab.unit.vmptrld(other_vmcs).ok());
  CHECK(lab.vmcs().get(F::guest_rip) == 0x1234);
}

TEST_CASE("VMCLEAR writes the VMCS back, clears its launch state and leaves no current VMCS") {
  Lab lab;
  lab.vmcs().set_launch_state(LaunchState::launched);
  CHECK(lab.unit.vmclear(vmcs_region).ok());
  CHECK(!lab.unit.has_current());
  REQUIRE(lab.unit.vmptrld(vmcs_region).ok());
  CHECK(lab.vmcs().launch_state() == LaunchState::clear);
  CHECK(lab.vmcs().get(F::guest_rip) == 0x100000);
  // One that is not current: the state in its region is cleared, its data stay.
  lab.vmcs().set_launch_state(LaunchState::launched);
  REQUIRE(lab.unit.vmclear(other_vmcs).ok());
  REQUIRE(lab.unit.vmptrld(other_vmcs).ok());
  REQUIRE(lab.unit.vmclear(vmcs_region).ok());
  REQUIRE(lab.unit.vmptrld(vmcs_region).ok());
  CHECK(lab.vmcs().launch_state() == LaunchState::clear);
  CHECK(lab.vmcs().get(F::guest_rip) == 0x100000);
}

TEST_CASE("INVEPT checks type, reserved bits and the EPTP") {
  Lab lab;
  InveptOperand operand{};
  const u64 good = ept_root.value | 3 << 3 | 6;
  CHECK(lab.unit.invept(1, good, 0, operand).ok());
  CHECK(operand.scope == InveptOperand::Scope::single_context);
  CHECK(operand.ept_pointer == good);
  CHECK(lab.unit.invept(2, 0, 0, operand).ok());
  CHECK(operand.scope == InveptOperand::Scope::all_contexts);
  for (const u64 type : {0ULL, 3ULL, ~0ULL}) CHECK(error_of(lab, lab.unit.invept(type, good, 0, operand)) == 28);
  CHECK(error_of(lab, lab.unit.invept(1, good, 1, operand)) == 28);
  for (const u64 bad : {(good & ~u64{7}) | 1, good & ~u64{0x38}, good | u64{0x80}, good | bit(46)})
    CHECK(error_of(lab, lab.unit.invept(1, bad, 0, operand)) == 28);
}

TEST_CASE("INVVPID checks type, VPID, reserved bits and the address") {
  Lab lab;
  InvvpidOperand operand{};
  CHECK(lab.unit.invvpid(0, 7, 0xffff800000001000, operand).ok());
  CHECK(operand.vpid == 7);
  CHECK(operand.linear == Gva(0xffff800000001000));
  CHECK(lab.unit.invvpid(1, 7, 0x0000800000000000, operand).ok());  // no address in this type
  CHECK(lab.unit.invvpid(2, 0, 0, operand).ok());
  CHECK(lab.unit.invvpid(3, 0xffff, 0, operand).ok());
  CHECK(error_of(lab, lab.unit.invvpid(4, 7, 0, operand)) == 28);
  CHECK(error_of(lab, lab.unit.invvpid(0, 0x10007, 0, operand)) == 28);
  CHECK(error_of(lab, lab.unit.invvpid(0, 7, 0x0000800000000000, operand)) == 28);
  for (const u64 type : {0, 1, 3}) CHECK(error_of(lab, lab.unit.invvpid(type, 0, 0, operand)) == 28);
}

TEST_CASE("the monitor's accesses are on the trace, with what the field then holds") {
  Lab lab;
  RecordedVmcs recorded(lab.unit, lab.bus);
  recorded.write(F::guest_cs_selector, 0x123456);
  CHECK(recorded.read(F::guest_cs_selector) == 0x3456);
  CHECK(recorded.try_write(0x2011, 0xf00000002).ok());
  CHECK(!recorded.try_write(0x4402, 1).ok());
  CHECK(!recorded.try_read(0x1000).ok());
  const auto writes = lab.events<trace::VmcsWrite>();
  const auto reads = lab.events<trace::VmcsRead>();
  REQUIRE(writes.size() == 2);
  CHECK(writes[0].field == 0x0802);
  CHECK(writes[0].value == 0x3456);
  CHECK(writes[1].field == 0x2011);
  CHECK(writes[1].value == 2);
  REQUIRE(reads.size() == 1);
  CHECK(reads[0].value == 0x3456);
}

TEST_CASE("a keyframe holds the unit, and damaged ones are refused") {
  Lab lab;
  lab.vmcs().set_launch_state(LaunchState::launched);
  const std::vector<std::byte> saved = lab.unit.save();
  Lab other;
  (void)other.unit.vmclear(vmcs_region);
  REQUIRE(other.unit.restore(saved).ok());
  CHECK(other.vmcs() == lab.vmcs());
  CHECK(other.unit.save() == saved);
  CHECK(error_of(other, other.unit.vmclear(vmxon_region)) == 3);  // the VMXON pointer is part of it
  CHECK(spec::decode_vmcs_part(lab.vmcs().save()).has_value());
  for (std::size_t length = 0; length < saved.size(); length += 7)
    CHECK(!other.unit.restore(std::span(saved).first(length)).ok());
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::byte> bad = saved;
    bad[random() % bad.size()] ^= static_cast<std::byte>(1 + random() % 255);
    Lab victim;
    (void)victim.unit.restore(bad);  // refused or taken, never a crash; what it held is whole either way
    CHECK(victim.unit.save().size() == saved.size());
  }
}

}  // namespace
}  // namespace trapline::vmx::test
