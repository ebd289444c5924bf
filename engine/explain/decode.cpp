#include "explain/decode.h"

#include <algorithm>

#include "base/bits.h"
#include "base/hex.h"
#include "spec/paging_bits.h"
#include "spec/vectors.h"

namespace trapline::explain {

std::string access_text(const Account& account, u8 access) {
  switch (static_cast<trace::AccessKind>(access)) {
    case trace::AccessKind::read:
      return account.text(Say::a_read);
    case trace::AccessKind::write:
      return account.text(Say::a_write);
    case trace::AccessKind::execute:
      return account.text(Say::a_fetch);
  }
  return account.text(Say::an_access, {std::to_string(access)});
}

std::string mode_text(const Account& account, u8 user) {
  return account.text(user ? Say::user_mode : Say::supervisor_mode);
}

std::string vector_text(const Account& account, u64 vector) {
  for (const auto& row : spec::vector_rows())
    if (static_cast<u64>(row.value) == vector)
      return account.text(Say::vector_known, {row.name, account.spec("vector", row.name, row.sentence)});
  return account.text(Say::vector_other, {hex_number(vector)});
}

std::string page_text(const Account& account, u8 level) {
  switch (level) {
    case 1:
      return account.text(Say::page_4k);
    case 2:
      return account.text(Say::page_2m);
    case 3:
      return account.text(Say::page_1g);
    default:
      return account.text(Say::page_other, {std::to_string(level)});
  }
}

// SDM vol. 3, "Page-Fault Exceptions".
std::string page_fault_bits(const Account& account, u32 error_code) {
  constexpr u32 known = 0x1f;
  std::vector<std::string> parts{account.text(error_code & 1 ? Say::pf_present : Say::pf_not_present)};
  if (!(error_code & 16)) parts.push_back(account.text(error_code & 2 ? Say::pf_write : Say::pf_read));
  parts.push_back(account.text(error_code & 4 ? Say::pf_user : Say::pf_supervisor));
  if (error_code & 8) parts.push_back(account.text(Say::pf_reserved));
  if (error_code & 16) parts.push_back(account.text(Say::pf_fetch));
  if (error_code & ~known) parts.push_back(account.text(Say::pf_other, {hex_number(error_code & ~known)}));
  return account.list(parts);
}

// SDM vol. 3, "Error Code".
std::string error_code_text(const Account& account, u64 vector, bool has_error_code, u32 error_code) {
  if (!has_error_code) return account.text(Say::code_none);
  const auto rows = spec::vector_rows();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const auto& candidate) { return static_cast<u64>(candidate.value) == vector; });
  const auto kind = row == rows.end() ? spec::ErrorCodeKind::none : row->error_code;
  if (kind == spec::ErrorCodeKind::page_fault)
    return account.text(Say::pf_code, {hex_number(error_code), page_fault_bits(account, error_code)});
  if (kind != spec::ErrorCodeKind::selector) return account.text(Say::code_plain, {hex_number(error_code)});
  if (error_code == 0) return account.text(Say::code_zero);
  const Say table = error_code & 2 ? Say::code_idt : error_code & 4 ? Say::code_ldt : Say::code_gdt;
  return account.text(Say::code_selector,
                      {hex_number(error_code), std::to_string(bits(error_code, 15, 3)), account.text(table),
                       account.text(error_code & 1 ? Say::code_external : Say::code_internal)});
}

std::string level_text(bool ept, unsigned level) {
  static constexpr const char* names[] = {"?", "PTE", "PDE", "PDPTE", "PML4E"};
  return std::string(ept ? "EPT " : "") + names[level <= 4 ? level : 0];
}

std::string rights_text(u64 ept_rights) {
  std::string text;
  text += ept_rights & 1 ? 'r' : '-';
  text += ept_rights & 2 ? 'w' : '-';
  text += ept_rights & 4 ? 'x' : '-';
  return text;
}

namespace {

// Whether an entry of this level maps a page, and where that begins.
bool maps_page(unsigned level, u64 value) { return level == 1 || ((level == 2 || level == 3) && has_bit(value, 7)); }

u64 target_of(unsigned level, u64 value) {
  const unsigned low = !maps_page(level, value) || level > 3 ? 12 : 12 + 9 * (level - 1);
  return value & bit_mask(51, low);
}

std::string leads_text(const Account& account, unsigned level, u64 value) {
  const std::string target = hex_number(target_of(level, value));
  if (!maps_page(level, value)) return account.text(Say::entry_leads_table, {target});
  return account.text(Say::entry_leads_page, {page_text(account, static_cast<u8>(level)), target});
}

// SDM vol. 3, "The Extended Page Table Mechanism (EPT)".
std::string ept_text(const Account& account, unsigned level, u64 value) {
  if ((value & 7) == 0) return account.text(Say::ept_nothing);
  std::vector<std::string> parts{account.text(Say::ept_rights, {rights_text(value)})};
  if (maps_page(level, value)) parts.push_back(account.text(Say::ept_memory_type, {std::to_string(bits(value, 5, 3))}));
  parts.push_back(leads_text(account, level, value));
  return account.list(parts);
}

}  // namespace

// SDM vol. 3, "4-Level Paging and 5-Level Paging".
std::string entry_text(const Account& account, bool ept, unsigned level, u64 value) {
  if (ept) return ept_text(account, level, value);
  if (!has_bit(value, 0)) return account.text(Say::entry_absent);
  std::vector<std::string> parts{account.text(Say::entry_present)};
  parts.push_back(account.text(has_bit(value, 1) ? Say::entry_writable : Say::entry_read_only));
  parts.push_back(account.text(has_bit(value, 2) ? Say::entry_user : Say::entry_supervisor));
  if (has_bit(value, 63)) parts.push_back(account.text(Say::entry_no_execute));
  if (has_bit(value, 5)) parts.push_back(account.text(Say::entry_accessed));
  if (maps_page(level, value) && has_bit(value, 6)) parts.push_back(account.text(Say::entry_dirty));
  if (maps_page(level, value) && has_bit(value, 8)) parts.push_back(account.text(Say::entry_global));
  parts.push_back(leads_text(account, level, value));
  if (const u64 software = bits(value, 62, 52))
    parts.push_back(account.text(Say::entry_software, {hex_number(software)}));
  return account.list(parts);
}

// SDM vol. 3, "VM-Entry Controls for Event Injection", "Information for VM Exits Due to Vectored Events".
std::string interruption_text(const Account& account, u32 information) {
  const u32 vector = information & 0xff, type = bits(information, 10, 8);
  switch (type) {
    case 0:
      return account.text(Say::interruption_external, {hex_number(vector)});
    case 2:
      return account.text(Say::interruption_nmi);
    case 3:
      return account.text(Say::interruption_exception, {vector_text(account, vector)});
    case 4:
      return account.text(Say::interruption_software, {hex_number(vector)});
    case 5:
    case 6:
      return account.text(Say::interruption_software_exception, {hex_number(vector)});
    default:
      return account.text(Say::interruption_other, {std::to_string(type), hex_number(vector)});
  }
}

std::string changed_bits(const Account& account, std::span<const NamedBit> names, u64 before, u64 after) {
  std::vector<std::string> set, cleared, parts;
  for (unsigned index = 0; index < 64; ++index) {
    if (!has_bit(before ^ after, index)) continue;
    const auto row = std::find_if(names.begin(), names.end(), [&](const auto& named) { return named.index == index; });
    (has_bit(after, index) ? set : cleared)
        .push_back(row == names.end() ? "bit " + std::to_string(index) : std::string(row->name));
  }
  if (!set.empty()) parts.push_back(account.text(Say::bits_set, {account.list(set)}));
  if (!cleared.empty()) parts.push_back(account.text(Say::bits_cleared, {account.list(cleared)}));
  return parts.empty() ? account.text(Say::bits_same) : account.list(parts);
}

// SDM vol. 3, "Control Registers".
std::span<const NamedBit> control_register_bits(unsigned cr) {
  static constexpr NamedBit cr0[] = {{0, "PE"},  {1, "MP"},  {2, "EM"},  {3, "TS"},  {4, "ET"}, {5, "NE"},
                                     {16, "WP"}, {18, "AM"}, {29, "NW"}, {30, "CD"}, {31, "PG"}};
  static constexpr NamedBit cr4[] = {
      {0, "VME"},   {1, "PVI"},       {2, "TSD"},    {3, "DE"},          {4, "PSE"},   {5, "PAE"},   {6, "MCE"},
      {7, "PGE"},   {8, "PCE"},       {9, "OSFXSR"}, {10, "OSXMMEXCPT"}, {11, "UMIP"}, {12, "LA57"}, {13, "VMXE"},
      {14, "SMXE"}, {16, "FSGSBASE"}, {17, "PCIDE"}, {18, "OSXSAVE"},    {20, "SMEP"}, {21, "SMAP"}, {22, "PKE"}};
  if (cr == 0) return cr0;
  if (cr == 4) return cr4;
  return {};
}

// guest-kernels/MACHINE.md, "Ports".
std::string device_text(const Account& account, u64 port) {
  static constexpr struct {
    u64 first, last;
    Say device;
  } rows[] = {
      {0x20, 0x21, Say::device_pic_master},     {0xa0, 0xa1, Say::device_pic_slave}, {0x40, 0x43, Say::device_timer},
      {0x61, 0x61, Say::device_speaker},        {0x3f8, 0x3ff, Say::device_serial},  {0x1f0, 0x1f7, Say::device_disk},
      {0x3f6, 0x3f6, Say::device_disk_control}, {0xf4, 0xf4, Say::device_exit},      {0xe0, 0xe0, Say::device_marker}};
  for (const auto& row : rows)
    if (port >= row.first && port <= row.last) return account.text(row.device);
  return account.text(Say::device_none);
}

}  // namespace trapline::explain
