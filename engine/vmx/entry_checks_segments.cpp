// SDM vol. 3, "Checks on Guest Segment Registers".
#include "vmx/entry_checks.h"

namespace trapline::vmx::checks {
namespace {

constexpr SegmentField data_segments[] = {SegmentField::ds, SegmentField::es, SegmentField::fs, SegmentField::gs};
constexpr u8 table_indicator = 4;

u8 rpl_of(const arch::Segment& segment) { return segment.selector & 3; }

// CS always counts as usable; nothing here applies in virtual-8086 mode.
bool counts(const View& view, SegmentField which) {
  return !view.virtual_8086() && (which == SegmentField::cs || view.usable(which));
}

// The first of CS, SS, DS, ES, FS, GS that counts and does not satisfy `condition`.
template <typename Condition>
Broken each_that_counts(const View& view, VmcsField (*field_of)(SegmentField), Condition condition) {
  for (const SegmentField which : code_and_data)
    if (counts(view, which) && !condition(view.segment(which))) return field_of(which);
  return holds;
}

template <typename Condition>
Broken each_in_virtual_8086(const View& view, VmcsField (*field_of)(SegmentField), Condition condition) {
  if (!view.virtual_8086()) return holds;
  for (const SegmentField which : code_and_data)
    if (!condition(view.segment(which))) return field_of(which);
  return holds;
}

template <typename Condition>
Broken ldtr_if_usable(const View& view, VmcsField field, Condition condition) {
  return require(!view.usable(SegmentField::ldtr) || condition(view.segment(SegmentField::ldtr)), field);
}

constexpr VmcsField cs_rights = VmcsField::guest_cs_access_rights;
constexpr VmcsField tr_rights = VmcsField::guest_tr_access_rights;
constexpr VmcsField ldtr_rights = VmcsField::guest_ldtr_access_rights;

}  // namespace

bool granularity_agrees(const arch::Segment& segment) {
  const bool granular = has_bit(segment.access_rights, 15);
  if ((segment.limit & 0xfff) != 0xfff && granular) return false;
  return (segment.limit >> 20) == 0 || granular;
}

// ---- selectors
// -------------------------------------------------------------------------------------------------------
Broken guest_tr_selector_in_gdt(const View& view) {
  return require(!(view.segment(SegmentField::tr).selector & table_indicator), VmcsField::guest_tr_selector);
}
Broken guest_ldtr_selector_in_gdt(const View& view) {
  return ldtr_if_usable(view, VmcsField::guest_ldtr_selector,
                        [](const arch::Segment& ldtr) { return !(ldtr.selector & table_indicator); });
}
Broken guest_ss_rpl_matches_cs(const View& view) {
  const bool applies = !view.virtual_8086() && !view.unrestricted();
  return require(!applies || rpl_of(view.segment(SegmentField::ss)) == rpl_of(view.segment(SegmentField::cs)),
                 VmcsField::guest_ss_selector);
}

// ---- bases and limits --------------------------------------------------------------------------------------------
Broken guest_v86_base_matches_selector(const View& view) {
  return each_in_virtual_8086(view, base_of, [](const arch::Segment& segment) {
    return segment.base == static_cast<u64>(segment.selector) << 4;
  });
}
Broken guest_tr_fs_gs_bases_canonical(const View& view) {
  for (const SegmentField which : {SegmentField::tr, SegmentField::fs, SegmentField::gs})
    if (!is_canonical(view.segment(which).base)) return base_of(which);
  return holds;
}
Broken guest_ldtr_base_canonical(const View& view) {
  return ldtr_if_usable(view, VmcsField::guest_ldtr_base,
                        [](const arch::Segment& ldtr) { return is_canonical(ldtr.base); });
}
Broken guest_cs_base_below_4g(const View& view) {
  return require(view.segment(SegmentField::cs).base >> 32 == 0, VmcsField::guest_cs_base);
}
Broken guest_data_bases_below_4g(const View& view) {
  for (const SegmentField which : {SegmentField::ss, SegmentField::ds, SegmentField::es})
    if (view.usable(which) && view.segment(which).base >> 32) return base_of(which);
  return holds;
}
Broken guest_v86_limit(const View& view) {
  return each_in_virtual_8086(view, limit_of, [](const arch::Segment& segment) { return segment.limit == 0xffff; });
}

// ---- access rights of code and data segments ----------------------------------------------------------------------
Broken guest_v86_access_rights(const View& view) {
  return each_in_virtual_8086(view, access_rights_of,
                              [](const arch::Segment& segment) { return segment.access_rights == 0xf3; });
}
Broken guest_cs_type(const View& view) {
  if (view.virtual_8086()) return holds;
  const u8 type = view.segment(SegmentField::cs).type();
  const bool code = type == 9 || type == 11 || type == 13 || type == 15;
  return require(code || (type == 3 && view.unrestricted()), cs_rights);
}
Broken guest_ss_type(const View& view) {
  const u8 type = view.segment(SegmentField::ss).type();
  return require(!counts(view, SegmentField::ss) || type == 3 || type == 7, VmcsField::guest_ss_access_rights);
}
Broken guest_data_type(const View& view) {
  constexpr u8 accessed = 1, readable = 2, code = 8;
  for (const SegmentField which : data_segments) {
    const u8 type = view.segment(which).type();
    const bool fits = (type & accessed) && (!(type & code) || (type & readable));
    if (counts(view, which) && !fits) return access_rights_of(which);
  }
  return holds;
}
Broken guest_segment_is_code_or_data(const View& view) {
  return each_that_counts(view, access_rights_of, [](const arch::Segment& segment) { return segment.code_or_data(); });
}
Broken guest_cs_dpl(const View& view) {
  if (view.virtual_8086()) return holds;
  const arch::Segment cs = view.segment(SegmentField::cs);
  const u8 ss_dpl = view.segment(SegmentField::ss).dpl();
  switch (cs.type()) {
    case 3:
      return require(cs.dpl() == 0, cs_rights);
    case 9:
    case 11:
      return require(cs.dpl() == ss_dpl, cs_rights);
    case 13:
    case 15:
      return require(cs.dpl() <= ss_dpl, cs_rights);
    default:
      return holds;  // guest_cs_type refuses it
  }
}
Broken guest_ss_dpl(const View& view) {
  if (view.virtual_8086()) return holds;
  const arch::Segment ss = view.segment(SegmentField::ss);
  if (!view.unrestricted() && ss.dpl() != rpl_of(ss)) return VmcsField::guest_ss_access_rights;
  const bool real = !(view.get(VmcsField::guest_cr0) & arch::cr0::pe);
  const bool must_be_zero = view.segment(SegmentField::cs).type() == 3 || real;
  return require(!must_be_zero || ss.dpl() == 0, VmcsField::guest_ss_access_rights);
}
Broken guest_data_dpl(const View& view) {
  constexpr u8 last_non_conforming = 11;
  if (view.unrestricted()) return holds;
  for (const SegmentField which : data_segments) {
    const arch::Segment segment = view.segment(which);
    if (counts(view, which) && segment.type() <= last_non_conforming && segment.dpl() < rpl_of(segment))
      return access_rights_of(which);
  }
  return holds;
}
Broken guest_segment_present(const View& view) {
  return each_that_counts(view, access_rights_of, [](const arch::Segment& segment) { return segment.present(); });
}
Broken guest_segment_reserved_bits_zero(const View& view) {
  return each_that_counts(view, access_rights_of, [](const arch::Segment& segment) {
    return (segment.access_rights & access_rights_reserved) == 0;
  });
}
Broken guest_cs_size_in_64_bit(const View& view) {
  const arch::Segment cs = view.segment(SegmentField::cs);
  const bool in_64_bit_mode = !view.virtual_8086() && view.long_mode_guest() && cs.long_mode();
  return require(!in_64_bit_mode || !cs.big(), cs_rights);
}
Broken guest_segment_granularity(const View& view) {
  return each_that_counts(view, access_rights_of, granularity_agrees);
}

// ---- TR ----------------------------------------------------------------------------------------------------------
Broken guest_tr_type(const View& view) {
  const u8 type = view.segment(SegmentField::tr).type();
  return require(type == 11 || (type == 3 && !view.long_mode_guest()), tr_rights);
}
Broken guest_tr_is_system(const View& view) {
  return require(!view.segment(SegmentField::tr).code_or_data(), tr_rights);
}
Broken guest_tr_present(const View& view) { return require(view.segment(SegmentField::tr).present(), tr_rights); }
Broken guest_tr_reserved_bits_zero(const View& view) {
  return require((view.segment(SegmentField::tr).access_rights & access_rights_reserved) == 0, tr_rights);
}
Broken guest_tr_granularity(const View& view) {
  return require(granularity_agrees(view.segment(SegmentField::tr)), tr_rights);
}
Broken guest_tr_usable(const View& view) { return require(view.usable(SegmentField::tr), tr_rights); }

// ---- LDTR --------------------------------------------------------------------------------------------------------
Broken guest_ldtr_type(const View& view) {
  return ldtr_if_usable(view, ldtr_rights, [](const arch::Segment& ldtr) { return ldtr.type() == 2; });
}
Broken guest_ldtr_is_system(const View& view) {
  return ldtr_if_usable(view, ldtr_rights, [](const arch::Segment& ldtr) { return !ldtr.code_or_data(); });
}
Broken guest_ldtr_present(const View& view) {
  return ldtr_if_usable(view, ldtr_rights, [](const arch::Segment& ldtr) { return ldtr.present(); });
}
Broken guest_ldtr_reserved_bits_zero(const View& view) {
  return ldtr_if_usable(view, ldtr_rights,
                        [](const arch::Segment& ldtr) { return (ldtr.access_rights & access_rights_reserved) == 0; });
}
Broken guest_ldtr_granularity(const View& view) { return ldtr_if_usable(view, ldtr_rights, granularity_agrees); }

}  // namespace trapline::vmx::checks
