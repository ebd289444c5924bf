// One function for each row of spec/entry_rules.def, by the row's name: what must hold, as code. A row without its
// function does not link. Each answers with the field that breaks the rule, or with nothing.
#pragma once

#include <optional>

#include "arch/cpu_state.h"
#include "vmx/controls.h"
#include "vmx/entry.h"

namespace trapline::vmx::checks {

using Broken = std::optional<VmcsField>;
inline constexpr std::nullopt_t holds = std::nullopt;

inline Broken require(bool condition, VmcsField field) { return condition ? Broken() : Broken(field); }

// The segment registers in the order of their VMCS fields.
enum class SegmentField : u32 { es, cs, ss, ds, fs, gs, ldtr, tr };
inline constexpr SegmentField code_and_data[] = {SegmentField::cs, SegmentField::ss, SegmentField::ds,
                                                 SegmentField::es, SegmentField::fs, SegmentField::gs};

// A VMCS with the questions that the checks ask of it.
struct View {
  const Vmcs& vmcs;
  const EntryContext& context;

  const Capabilities& capabilities() const { return context.capabilities; }
  u64 get(VmcsField field) const { return vmcs.get(field); }
  bool pin(u32 control) const { return get(VmcsField::pin_based_controls) & control; }
  bool primary(u32 control) const { return vmcs.primary(control); }
  bool secondary(u32 control) const { return vmcs.secondary(control); }
  bool exit(u32 control) const { return get(VmcsField::vm_exit_controls) & control; }
  bool entry(u32 control) const { return get(VmcsField::vm_entry_controls) & control; }

  bool long_mode_guest() const { return entry(entry_control::ia32e_mode_guest); }
  bool unrestricted() const { return secondary(secondary::unrestricted_guest); }
  bool virtual_8086() const { return get(VmcsField::guest_rflags) & arch::flag::vm; }
  bool page_aligned(u64 address) const {
    return (address & (page_bytes - 1)) == 0 && capabilities().within_physical_width(address);
  }

  // The event to be injected (VM-entry interruption-information field).
  u32 event() const { return static_cast<u32>(get(VmcsField::vm_entry_interruption_information)); }
  bool has_event() const { return event() & interruption::valid; }
  u8 event_vector() const { return event() & interruption::vector_mask; }
  u8 event_type() const { return (event() & interruption::type_mask) >> interruption::type_shift; }
  bool injects(arch::EventType type) const { return has_event() && event_type() == static_cast<u8>(type); }

  bool blocked_by(u32 bits) const { return get(VmcsField::guest_interruptibility_state) & bits; }

  arch::Segment segment(SegmentField which) const;
  bool usable(SegmentField which) const { return !segment(which).unusable(); }
};

// Field of a segment register, computed from the first of its kind: their encodings follow each other.
constexpr VmcsField nth(VmcsField first, SegmentField which) {
  return static_cast<VmcsField>(static_cast<u32>(first) + 2 * static_cast<u32>(which));
}
constexpr VmcsField selector_of(SegmentField which) { return nth(VmcsField::guest_es_selector, which); }
constexpr VmcsField base_of(SegmentField which) { return nth(VmcsField::guest_es_base, which); }
constexpr VmcsField limit_of(SegmentField which) { return nth(VmcsField::guest_es_limit, which); }
constexpr VmcsField access_rights_of(SegmentField which) { return nth(VmcsField::guest_es_access_rights, which); }

inline arch::Segment View::segment(SegmentField which) const {
  return {static_cast<u16>(get(selector_of(which))), static_cast<u32>(get(access_rights_of(which))),
          static_cast<u32>(get(limit_of(which))), get(base_of(which))};
}

#define ENTRY_RULE(name, number, group, section, must, hint) Broken name(const View& view);
#include "spec/entry_rules.def"
#undef ENTRY_RULE

// What more than one file asks.
bool pat_is_valid(u64 pat);
bool granularity_agrees(const arch::Segment& segment);
// Bits 11:8 and 31:17 of access rights.
inline constexpr u32 access_rights_reserved = 0xfffe0f00;

}  // namespace trapline::vmx::checks
