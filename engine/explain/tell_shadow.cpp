// Shadow page tables of technique full: filled on page faults, kept in step with the guest's own tables.
#include "base/bits.h"
#include "base/hex.h"
#include "explain/decode.h"
#include "explain/tell.h"

namespace trapline::explain {

void tell(Account& account, const trace::ShadowFill& fill) {
  const unsigned guest_level = fill.guest_page_level;
  account.title(Say::shadow_fill_title, {account.address(fill.gva)});
  account.say(Say::shadow_fill, {account.address(fill.gva), account.address(fill.hpa)});
  if (const auto trap = account.related_before<trace::Trap>()) {
    account.say(Say::shadow_fill_trap, {number(trap->sequence())});
    account.link(Say::link_trap, trap);
  }
  account.say(Say::shadow_fill_why,
              {hex_number(fill.guest_entry), entry_text(account, false, guest_level, fill.guest_entry),
               account.address(fill.gpa)});
  account.say(Say::shadow_fill_entry, {hex_number(fill.value), entry_text(account, false, 1, fill.value)});
  if (has_bit(fill.guest_entry, 1) && !has_bit(fill.value, 1)) account.say(Say::shadow_fill_read_only);
  if (guest_level > 1 && guest_level <= 3)
    account.say(Say::shadow_fill_split, {page_text(account, static_cast<u8>(guest_level))});
  account.say(Say::shadow_fill_space,
              {account.word(static_cast<trace::ShadowSpace>(fill.space)), account.address(fill.guest_root)});
  account.link(Say::link_walk,
               account.around().last<trace::WalkEnd>(account.sequence(), [&](const auto& end, const auto&) {
                 return end.gva != unknown_address && (end.gva ^ fill.gva) >> 12 == 0;
               }));
  account.cite(Section::lab_full);
  account.cite(Section::access_rights);
}

void tell(Account& account, const trace::ShadowProtect& protect) {
  const std::string page = account.address(protect.gpa);
  account.title(protect.on ? Say::shadow_protect_title : Say::shadow_unprotect_title, {page});
  account.say(protect.on ? Say::shadow_protect_on : Say::shadow_protect_off, {page, std::to_string(protect.entries)});
  const auto as = static_cast<trace::ShadowProtection>(protect.protection);
  switch (as) {
    case trace::ShadowProtection::page_table:
      account.say(Say::shadow_protect_table);
      break;
    case trace::ShadowProtection::code:
      account.say(Say::shadow_protect_code);
      break;
    default:
      account.say(Say::shadow_protect_other, {account.word(as)});
  }
  const auto before =
      account.around().last<trace::ShadowProtect>(account.sequence(), [&](const auto& other, const auto&) {
        return other.gpa == protect.gpa && other.protection == protect.protection;
      });
  account.link(Say::link_previous, before);
  account.link(Say::link_trap, account.related_before<trace::Trap>());
  account.cite(Section::lab_full);
}

void tell(Account& account, const trace::ShadowSync& sync) {
  const std::string entry = level_text(false, sync.level);
  account.title(Say::shadow_sync_title, {entry});
  account.say(Say::shadow_sync,
              {entry, account.address(sync.entry_gpa), hex_number(sync.old_value), hex_number(sync.value)});
  account.say(Say::shadow_sync_bits, {entry_text(account, false, sync.level, sync.old_value),
                                      entry_text(account, false, sync.level, sync.value)});
  if (sync.zapped > 0)
    account.say(Say::shadow_sync_zapped, {std::to_string(sync.zapped)});
  else
    account.say(Say::shadow_sync_none);
  account.link(Say::link_trap, account.related_before<trace::Trap>());
  account.link(Say::link_emulation, account.related_before<trace::Emulation>());
  account.cite(Section::lab_full);
  account.cite(Section::four_level_paging);
}

void tell(Account& account, const trace::ShadowZap& zap) {
  const auto cause = static_cast<trace::ZapCause>(zap.cause);
  account.title(Say::shadow_zap_title, {account.word(cause)});
  const std::string where = zap.gva == unknown_address ? account.text(Say::shadow_zap_all)
                                                       : account.text(Say::shadow_zap_page, {hex_number(zap.gva)});
  account.say(Say::shadow_zap, {std::to_string(zap.entries), where});
  static constexpr Say causes[] = {Say::shadow_zap_changed, Say::shadow_zap_invlpg, Say::shadow_zap_frames,
                                   Say::shadow_zap_mode, Say::shadow_zap_strange};
  account.say(zap.cause < std::size(causes) ? causes[zap.cause] : Say::shadow_zap_other, {account.word(cause)});
  if (zap.entries == 0) account.say(Say::shadow_zap_empty);
  account.link(Say::link_trap, account.related_before<trace::Trap>());
  account.link(Say::link_emulation, account.related_before<trace::Emulation>());
  account.cite(Section::lab_full);
  account.cite(Section::invalidation);
}

}  // namespace trapline::explain
