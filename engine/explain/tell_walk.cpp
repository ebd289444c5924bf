// Page walks, reference by reference, and what is written to tables: SDM vol. 3, "4-Level Paging and 5-Level Paging",
// "The Extended Page Table Mechanism (EPT)".
#include <algorithm>

#include "base/bits.h"
#include "base/hex.h"
#include "explain/decode.h"
#include "explain/tell.h"
#include "explain/walk_around.h"

namespace trapline::explain {

namespace {

constexpr u8 ept = static_cast<u8>(trace::Dimension::ept), shadow = static_cast<u8>(trace::Dimension::shadow);

std::string place_text(const Account& account, u64 gpa, u64 hpa) {
  if (hpa == unknown_address)
    return gpa == unknown_address ? account.text(Say::place_unknown) : account.text(Say::place_gpa, {hex_number(gpa)});
  if (gpa == unknown_address) return account.text(Say::place_hpa, {hex_number(hpa)});
  return account.text(Say::place_both, {hex_number(hpa), hex_number(gpa)});
}

std::string outcome_text(const Account& account, u8 outcome) {
  return account.word(static_cast<trace::WalkOutcome>(outcome));
}

void cite_paging(Account& account, bool two_dimensions) {
  account.cite(Section::four_level_paging);
  if (two_dimensions) account.cite(Section::ept_translation);
}

}  // namespace

void tell(Account& account, const trace::WalkBegin& begin) {
  const std::string address = walked_address(account, begin);
  const bool derived = account.event().stamp().provenance == trace::Provenance::derived;
  account.title(Say::walk_begin_title, {address});
  account.say(derived ? Say::walk_begin_derived : Say::walk_begin,
              {address, access_text(account, begin.access), mode_text(account, begin.user)});
  if (derived) account.say(account.on_kvm() ? Say::walk_begin_kvm : Say::walk_begin_monitor);
  if (begin.ept_pointer != 0)
    account.say(Say::walk_two_dimensions, {hex_number(begin.root), hex_number(begin.ept_pointer)});
  else
    account.say(Say::walk_one_dimension, {hex_number(begin.root)});
  if (const auto miss = account.related_before<trace::TlbMiss>(); miss && !derived) {
    account.say(Say::walk_miss, {number(miss->sequence())});
    account.link(Say::link_miss, miss);
  }
  if (begin.parent != 0 && begin.parent != trace::unknown_number) {
    const auto kinds = account.around().source().kinds<trace::VmExit, trace::Trap, trace::UserExit, trace::WalkBegin>();
    const auto parent = account.around().before(
        account.sequence(), kinds, [&](const trace::RecordedEvent& event) { return event.cause() == begin.parent; });
    if (parent) account.say(Say::walk_parent, {number(parent->sequence())});
    account.link(Say::link_cause, parent);
  }
  const WalkAround walk = walk_around(account, account.sequence(), account.cause());
  if (walk.end) {
    account.say(Say::walk_result,
                {number(walk.end->sequence()), outcome_text(account, walk.end->as<trace::WalkEnd>()->outcome)});
    account.link(Say::link_walk_end, walk.end);
  }
  cite_paging(account, begin.ept_pointer != 0);
}

namespace {

void say_source(Account& account, const trace::WalkReference& reference, const std::string& entry) {
  const std::string value = hex_number(reference.value);
  switch (static_cast<trace::Source>(reference.source)) {
    case trace::Source::memory:
      return account.say(Say::walk_ref_memory,
                         {entry, place_text(account, reference.entry_gpa, reference.entry_hpa), value});
    case trace::Source::paging_structure_cache:
      account.cite(Section::structure_caches);
      return account.say(Say::walk_ref_cache, {entry, value});
    case trace::Source::tlb:
      account.cite(Section::vmx_caching);
      return account.say(Say::walk_ref_tlb, {entry, value});
  }
  account.say(Say::walk_ref_source_other, {entry, value});
}

void say_whose(Account& account, const trace::WalkReference& reference) {
  if (reference.dimension == shadow) return account.say(Say::walk_ref_shadow);
  const bool direct =
      account.by(trace::Technique::para) && account.event().stamp().provenance != trace::Provenance::derived;
  if (reference.dimension != ept) return account.say(direct ? Say::walk_ref_direct : Say::walk_ref_guest);
  if (reference.for_level == 0) return account.say(Say::walk_ref_ept_page);
  account.say(Say::walk_ref_ept_table, {level_text(false, reference.for_level)});
}

// Whether an entry withholds what the walk's access needs. The rights of all levels count together (SDM vol. 3,
// "Determination of Access Rights"), so it need not be the last one.
bool withholds(const trace::WalkReference& reference, const trace::WalkBegin& begin) {
  const u64 value = reference.value;
  const auto access = static_cast<trace::AccessKind>(begin.access);
  if (reference.dimension == ept) return begin.access < 3 && !has_bit(value, begin.access);
  return (access == trace::AccessKind::write && !has_bit(value, 1)) || (begin.user && !has_bit(value, 2)) ||
         (access == trace::AccessKind::execute && has_bit(value, 63));
}

// The entry that made a failed walk fail, where one can be told.
const std::pair<u64, trace::WalkReference>* culprit_of(const WalkAround& walk) {
  if (walk.references.empty() || !walk.begin) return nullptr;
  const auto& last = walk.references.back();
  const bool absent = last.second.dimension == ept ? (last.second.value & 7) == 0 : !has_bit(last.second.value, 0);
  if (absent) return &last;
  const auto begin = *walk.begin->as<trace::WalkBegin>();
  const auto found = std::find_if(walk.references.begin(), walk.references.end(), [&](const auto& reference) {
    return reference.second.dimension == last.second.dimension && withholds(reference.second, begin);
  });
  return found == walk.references.end() ? &last : &*found;
}

// Why the walk stopped, told at the entry that is to blame and at the last one.
void say_stop(Account& account, const trace::WalkReference& reference, const WalkAround& walk) {
  const auto* const culprit = culprit_of(walk);
  const bool last = walk.references.back().first == account.sequence();
  if (!culprit || (!last && culprit->first != account.sequence())) return;
  if (culprit->first != account.sequence()) return account.say(Say::walk_ref_wrong_earlier, {number(culprit->first)});
  const bool absent = reference.dimension == ept ? (reference.value & 7) == 0 : !has_bit(reference.value, 0);
  const auto begin = *walk.begin->as<trace::WalkBegin>();
  if (absent) return account.say(Say::walk_ref_wrong_absent);
  if (withholds(reference, begin))
    return account.say(Say::walk_ref_wrong_right, {access_text(account, begin.access), mode_text(account, begin.user)});
  account.say(Say::walk_ref_wrong_other, {outcome_text(account, walk.end->as<trace::WalkEnd>()->outcome)});
}

bool seen_before(const WalkAround& walk, u64 sequence, const trace::WalkReference& reference) {
  return std::any_of(walk.references.begin(), walk.references.end(), [&](const auto& other) {
    return other.first < sequence && other.second.dimension == reference.dimension &&
           other.second.level == reference.level && other.second.for_level == reference.for_level;
  });
}

void say_position(Account& account, const WalkAround& walk) {
  const u64 here = account.sequence();
  const auto place = std::find_if(walk.references.begin(), walk.references.end(),
                                  [&](const auto& reference) { return reference.first == here; });
  if (!walk.begin || place == walk.references.end()) return account.say(Say::not_found_near);
  const std::string index = std::to_string(place - walk.references.begin() + 1);
  const std::string address = walked_address(account, *walk.begin->as<trace::WalkBegin>());
  if (walk.end)
    account.say(Say::walk_ref_place, {index, std::to_string(walk.references.size()), address});
  else
    account.say(Say::walk_ref_place_open, {index, address});
}

}  // namespace

void tell(Account& account, const trace::WalkReference& reference) {
  const std::string entry = level_text(reference.dimension == ept, reference.level);
  account.title(Say::walk_ref_title, {entry});
  const WalkAround walk = walk_around(account, account.sequence(), account.cause());
  say_position(account, walk);
  say_source(account, reference, entry);
  say_whose(account, reference);
  account.say(Say::walk_ref_bits, {entry_text(account, reference.dimension == ept, reference.level, reference.value)});
  if (seen_before(walk, account.sequence(), reference) && walk.failed()) account.say(Say::walk_ref_again);
  if (walk.failed() && !walk.references.empty()) say_stop(account, reference, walk);
  account.link(Say::link_begin, walk.begin);
  account.link(Say::link_walk_end, walk.end);
  cite_paging(account, reference.dimension == ept);
}

namespace {

// What a failed walk led to.
void say_consequence(Account& account) {
  const u64 walk = account.cause();
  const auto kinds =
      account.around().source().kinds<trace::VmExit, trace::Trap, trace::Exception, trace::VmEntry, trace::WalkBegin>();
  const auto next = account.around().after(account.sequence(), kinds, [](const auto&) { return true; });
  if (!next) return;
  if (const auto exit = next->as<trace::VmExit>(); exit && exit->walk == walk)
    account.say(Say::walk_end_exit, {number(next->sequence())});
  else if (next->is<trace::Trap>())
    account.say(Say::walk_end_trap, {number(next->sequence())});
  else if (next->is<trace::Exception>())
    account.say(Say::walk_end_exception, {number(next->sequence())});
  else
    return;
  account.link(Say::link_next, next);
}

void say_outcome(Account& account, const trace::WalkEnd& end) {
  const std::string gva = account.address(end.gva), gpa = account.address(end.gpa);
  switch (static_cast<trace::WalkOutcome>(end.outcome)) {
    case trace::WalkOutcome::translated:
      return account.say(Say::walk_end_translated,
                         {gva, gpa, account.address(end.hpa), page_text(account, end.page_level)});
    case trace::WalkOutcome::page_fault:
      account.cite(Section::page_faults);
      account.say(Say::walk_end_fault, {gva});
      return account.say(Say::pf_code, {hex_number(end.error_code), page_fault_bits(account, end.error_code)});
    case trace::WalkOutcome::ept_violation:
      account.cite(Section::ept_violations);
      return account.say(Say::walk_end_violation, {gpa});
    case trace::WalkOutcome::ept_misconfiguration:
      account.cite(Section::ept_misconfigurations);
      return account.say(Say::walk_end_misconfiguration, {gpa});
    case trace::WalkOutcome::not_canonical:
      return account.say(Say::walk_end_canonical, {gva});
    case trace::WalkOutcome::unknown:
      return account.say(Say::walk_end_unknown);
  }
  account.say(Say::walk_end_other, {outcome_text(account, end.outcome)});
}

}  // namespace

void tell(Account& account, const trace::WalkEnd& end) {
  account.title(Say::walk_end_title, {outcome_text(account, end.outcome)});
  say_outcome(account, end);
  account.say(Say::walk_end_references, {std::to_string(end.references)});
  const WalkAround walk = walk_around(account, account.sequence(), account.cause());
  const unsigned cached = walk.from(trace::Source::paging_structure_cache), tlb = walk.from(trace::Source::tlb);
  if (cached + tlb > 0) account.say(Say::walk_end_sources, {std::to_string(cached), std::to_string(tlb)});
  const bool failed = end.outcome != static_cast<u8>(trace::WalkOutcome::translated);
  if (failed && culprit_of(walk)) {
    const auto& [sequence, last] = *culprit_of(walk);
    account.say(Say::walk_end_stop,
                {number(sequence), level_text(last.dimension == ept, last.level), hex_number(last.value),
                 entry_text(account, last.dimension == ept, last.level, last.value)});
    account.link(Say::link_culprit, sequence);
  }
  if (failed && account.event().stamp().provenance != trace::Provenance::derived) say_consequence(account);
  if (!failed)
    if (const auto fill = account.related_after<trace::TlbFill>()) {
      account.say(Say::walk_end_fill, {number(fill->sequence())});
      account.link(Say::link_fill, fill);
    }
  account.link(Say::link_begin, walk.begin);
  const auto begin = walk.begin ? walk.begin->as<trace::WalkBegin>() : std::nullopt;
  cite_paging(account, begin && begin->ept_pointer != 0);
}

// ---- writes to tables ----
namespace {

std::string walker_text(const Account& account, const trace::TableWrite& write) {
  const unsigned shift = write.dimension == ept ? 8 : 5;
  const u64 changed = write.old_value ^ write.value;
  if (changed == u64{1} << shift) return account.text(Say::table_bit_accessed);
  if (changed == u64{2} << shift) return account.text(Say::table_bit_dirty);
  if (changed == u64{3} << shift) return account.text(Say::table_bit_both);
  return account.text(Say::table_bit_none, {hex_number(changed)});
}

void say_writer(Account& account, const trace::TableWrite& write) {
  switch (static_cast<trace::Writer>(write.writer)) {
    case trace::Writer::guest:
      return account.say(Say::table_by_guest);
    case trace::Writer::walker:
      account.cite(Section::accessed_dirty);
      account.say(Say::table_by_walker, {walker_text(account, write)});
      if (const auto walk = account.related_before<trace::WalkBegin>()) {
        account.say(Say::table_walk, {number(walk->sequence())});
        account.link(Say::link_walk, walk);
      }
      return;
    case trace::Writer::monitor:
      if (const auto exit = account.related_before<trace::VmExit>()) {
        account.link(Say::link_this_exit, exit);
        return account.say(Say::table_by_monitor_exit, {number(exit->sequence())});
      }
      account.link(Say::link_trap, account.related_before<trace::Trap>());
      account.link(Say::link_hypercall, account.related_before<trace::Hypercall>());
      return account.say(Say::table_by_monitor);
    case trace::Writer::device:
      return account.say(Say::table_by_device);
  }
  account.say(Say::table_by_other);
}

// The level of an entry by the last walk that looked at it; 0 where none did nearby.
unsigned level_of(Account& account, u64 hpa) {
  const auto looked = account.around().last<trace::WalkReference>(
      account.sequence() + 64,
      [&](const trace::WalkReference& reference, const auto&) { return reference.entry_hpa == hpa; });
  const auto reference = looked ? looked->as<trace::WalkReference>() : std::nullopt;
  return reference && reference->level <= 4 ? reference->level : 0;
}

}  // namespace

void tell(Account& account, const trace::TableWrite& write) {
  const std::string place = place_text(account, write.gpa, write.hpa);
  const u64 entry = write.hpa == unknown_address ? unknown_address : write.hpa & ~u64{7};
  const unsigned level = entry == unknown_address ? 0 : level_of(account, entry);
  account.title(Say::table_title, {level ? level_text(write.dimension == ept, level) : place});
  static constexpr Say whose[] = {Say::table_guest, Say::table_ept, Say::table_shadow};
  account.say(write.dimension < std::size(whose) ? whose[write.dimension] : Say::table_other,
              {std::to_string(write.size), place});
  account.say(Say::table_values, {hex_number(write.old_value), hex_number(write.value)});
  if (write.size == 8 && level > 0) {
    account.say(Say::table_before, {entry_text(account, write.dimension == ept, level, write.old_value)});
    account.say(Say::table_after, {entry_text(account, write.dimension == ept, level, write.value)});
  }
  say_writer(account, write);
  cite_paging(account, write.dimension == ept);
}

}  // namespace trapline::explain
