// The TLB: hits, misses with the reason why the entry is not there, fills, evictions, flushes. SDM vol. 3,
// "Translation Lookaside Buffers (TLBs)", "Operations that Invalidate TLBs and Paging-Structure Caches".
#include "base/hex.h"
#include "explain/decode.h"
#include "explain/tell.h"
#include "views/tlb.h"

namespace trapline::explain {

namespace {

// Whether a TLB entry is the one of a linear address.
bool covers(const trace::TlbFill& fill, u64 gva) {
  const unsigned shift = fill.page_level >= 1 && fill.page_level <= 3 ? 12 + 9 * (fill.page_level - 1) : 12;
  return (fill.gva ^ gva) >> shift == 0;
}

std::optional<trace::RecordedEvent> last_fill(Account& account, u64 gva, u16 vpid, u16 pcid) {
  return account.around().last<trace::TlbFill>(account.sequence(), [&](const trace::TlbFill& fill, const auto&) {
    return covers(fill, gva) && fill.vpid == vpid && (fill.pcid == pcid || fill.global);
  });
}

std::optional<trace::RecordedEvent> fill_at(Account& account, u64 before, u16 set, u16 way) {
  return account.around().last<trace::TlbFill>(
      before, [&](const trace::TlbFill& fill, const auto&) { return fill.set == set && fill.way == way; });
}

// What took an entry out of the TLB after it was filled; the fold of views/ knows what each flush covers.
std::optional<trace::RecordedEvent> removal_of(Account& account, const trace::RecordedEvent& fill, u64 end) {
  const auto filled = *fill.as<trace::TlbFill>();
  views::TlbView tlb;
  tlb.add(fill);
  const auto kinds = account.around().source().kinds<trace::TlbEvict, trace::TlbFlush>();
  const auto past = [&](const trace::RecordedEvent& event) { return event.sequence() >= end; };
  return account.around().after(
      fill.sequence(), kinds,
      [&](const trace::RecordedEvent& event) {
        if (past(event)) return false;
        const auto evict = event.as<trace::TlbEvict>();
        if (evict && (evict->set != filled.set || evict->way != filled.way)) return false;
        tlb.add(event);
        return tlb.entries().empty();
      },
      past);
}

std::string cause_name(const Account& account, const trace::TlbFlush& flush) {
  return account.word(static_cast<trace::FlushCause>(flush.cause));
}

// Why an access misses: its page was flushed or evicted since its last fill, or never was there.
void say_absence(Account& account, const trace::TlbMiss& miss) {
  const auto fill = last_fill(account, miss.gva, miss.vpid, miss.pcid);
  if (!fill) {
    const bool whole = account.sequence() < Surroundings::most_events;
    return account.say(whole ? Say::tlb_miss_first : Say::tlb_miss_unknown);
  }
  account.link(Say::link_fill, fill);
  const auto removal = removal_of(account, *fill, account.sequence());
  if (!removal) return account.say(Say::tlb_miss_still, {number(fill->sequence())});
  if (const auto flush = removal->as<trace::TlbFlush>()) {
    account.say(Say::tlb_miss_flushed,
                {number(fill->sequence()), number(removal->sequence()), cause_name(account, *flush)});
    return account.link(Say::link_flush, removal);
  }
  account.say(Say::tlb_miss_evicted, {number(fill->sequence()), number(removal->sequence())});
  account.link(Say::link_evict, removal);
}

std::string rights_text(const Account& account, const trace::TlbFill& fill) {
  std::vector<std::string> parts{account.text(Say::right_read)};
  if (fill.writable) parts.push_back(account.text(Say::right_write));
  if (fill.executable) parts.push_back(account.text(Say::right_execute));
  if (fill.user) parts.push_back(account.text(Say::right_user));
  if (fill.global) parts.push_back(account.text(Say::entry_global));
  return account.list(parts);
}

}  // namespace

void tell(Account& account, const trace::TlbMiss& miss) {
  const std::string address = account.address(miss.gva);
  account.title(Say::tlb_miss_title, {address});
  account.say(Say::tlb_miss,
              {address, access_text(account, miss.access), std::to_string(miss.vpid), std::to_string(miss.pcid)});
  say_absence(account, miss);
  if (const auto walk = account.related_after<trace::WalkBegin>()) {
    account.say(Say::tlb_miss_walk, {number(walk->sequence())});
    account.link(Say::link_walk, walk);
  }
  account.cite(Section::tlbs);
}

void tell(Account& account, const trace::TlbFill& fill) {
  account.title(Say::tlb_fill_title, {account.address(fill.gva)});
  account.say(Say::tlb_fill, {account.address(fill.gva), account.address(fill.hpa), std::to_string(fill.set),
                              std::to_string(fill.way)});
  if (fill.ept_pointer != 0) account.say(Say::tlb_fill_gpa, {account.address(fill.gpa)});
  account.say(Say::tlb_fill_tags, {std::to_string(fill.vpid), std::to_string(fill.pcid), hex_number(fill.ept_pointer)});
  account.say(Say::tlb_fill_rights, {rights_text(account, fill)});
  if (!fill.writable && !fill.dirty) account.say(Say::tlb_fill_clean);
  if (fill.page_level < fill.guest_page_level)
    account.say(Say::tlb_fill_small, {page_text(account, fill.guest_page_level), page_text(account, fill.page_level)});
  if (const auto removal = removal_of(account, account.event(), ~u64{0})) {
    account.say(Say::tlb_fill_gone, {number(removal->sequence())});
    account.link(Say::link_end, removal);
  }
  account.link(Say::link_walk_end, account.related_before<trace::WalkEnd>());
  account.cite(Section::tlbs);
  if (fill.ept_pointer != 0) account.cite(Section::vmx_caching);
}

void tell(Account& account, const trace::TlbEvict& evict) {
  account.title(Say::tlb_evict_title, {account.address(evict.gva)});
  account.say(Say::tlb_evict, {account.address(evict.gva), std::to_string(evict.set), std::to_string(evict.way)});
  if (const auto fill = fill_at(account, account.sequence(), evict.set, evict.way)) {
    account.say(Say::tlb_evict_filled, {number(fill->sequence())});
    account.link(Say::link_fill, fill);
  }
  const auto next =
      account.around().next<trace::TlbFill>(account.sequence(), [&](const trace::TlbFill& fill, const auto&) {
        return fill.set == evict.set && (fill.way == evict.way || covers(fill, evict.gva));
      });
  if (next) {
    const auto fill = *next->as<trace::TlbFill>();
    if (covers(fill, evict.gva))
      account.say(Say::tlb_evict_upgrade, {number(next->sequence())});
    else
      account.say(Say::tlb_evict_room, {account.address(fill.gva), number(next->sequence())});
    account.link(Say::link_next, next);
  }
  account.cite(Section::tlbs);
}

namespace {

void say_scope(Account& account, const trace::TlbFlush& flush) {
  static constexpr Say scopes[] = {Say::flush_one_page,     Say::flush_one_pcid, Say::flush_all_but_global,
                                   Say::flush_all_contexts, Say::flush_one_vpid, Say::flush_one_ept,
                                   Say::flush_all_ept};
  account.say(flush.scope < std::size(scopes) ? scopes[flush.scope] : Say::flush_other,
              {account.address(flush.gva), std::to_string(flush.vpid), std::to_string(flush.pcid),
               hex_number(flush.ept_pointer)});
  if (flush.globals == static_cast<u8>(trace::FlushGlobals::spared)) account.say(Say::flush_spared);
}

// The event next to it that made it necessary.
void say_origin(Account& account, const trace::TlbFlush& flush) {
  const auto& source = account.around().source();
  trace::KindSet kinds;
  switch (static_cast<trace::FlushCause>(flush.cause)) {
    case trace::FlushCause::mov_cr0:
    case trace::FlushCause::mov_cr3:
    case trace::FlushCause::mov_cr4:
      kinds = source.kinds<trace::CrAccess, trace::Hypercall, trace::Emulation, trace::Upcall, trace::Trap>();
      break;
    case trace::FlushCause::page_fault:
    case trace::FlushCause::ept_violation:
      kinds = source.kinds<trace::WalkEnd>();
      break;
    case trace::FlushCause::vm_entry:
      kinds = source.kinds<trace::VmEntry>();
      break;
    case trace::FlushCause::vm_exit:
      kinds = source.kinds<trace::VmExit>();
      break;
    default:
      return;
  }
  const auto origin = account.around().before(account.sequence(), kinds, [](const auto&) { return true; });
  if (origin) account.say(Say::flush_by, {number(origin->sequence())});
  account.link(Say::link_cause, origin);
}

}  // namespace

void tell(Account& account, const trace::TlbFlush& flush) {
  account.title(Say::tlb_flush_title,
                {account.word(static_cast<trace::FlushScope>(flush.scope)), cause_name(account, flush)});
  static constexpr Say causes[] = {Say::cause_invlpg,     Say::cause_mov_cr3,  Say::cause_mov_cr0,
                                   Say::cause_mov_cr4,    Say::cause_invpcid,  Say::cause_invvpid,
                                   Say::cause_invept,     Say::cause_vm_entry, Say::cause_vm_exit,
                                   Say::cause_page_fault, Say::cause_strange,  Say::cause_ept_violation};
  account.say(flush.cause < std::size(causes) ? causes[flush.cause] : Say::cause_other);
  say_scope(account, flush);
  if (flush.entries + u64{flush.physical_entries} + flush.cached_structures == 0)
    account.say(Say::tlb_flush_none);
  else
    account.say(Say::tlb_flush, {std::to_string(flush.entries), std::to_string(flush.physical_entries),
                                 std::to_string(flush.cached_structures)});
  say_origin(account, flush);
  account.cite(flush.ept_pointer != 0 || flush.vpid != 0 ? Section::vmx_invalidation : Section::invalidation);
  account.cite(Section::invalidation);
}

void tell(Account& account, const trace::TlbHit& hit) {
  account.title(Say::tlb_hit_title, {account.address(hit.gva)});
  account.say(Say::tlb_hit, {account.address(hit.gva), access_text(account, hit.access), account.address(hit.hpa),
                             std::to_string(hit.set), std::to_string(hit.way)});
  if (const auto fill = fill_at(account, account.sequence(), hit.set, hit.way)) {
    account.say(Say::tlb_hit_filled, {number(fill->sequence())});
    account.link(Say::link_fill, fill);
  }
  account.cite(Section::tlbs);
}

}  // namespace trapline::explain
