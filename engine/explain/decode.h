// Numbers of the manuals in words: error codes, paging entries, interruption information, control registers, ports.
#pragma once

#include "explain/account.h"

namespace trapline::explain {

std::string access_text(const Account& account, u8 access);  // "a write"
std::string mode_text(const Account& account, u8 user);
std::string vector_text(const Account& account, u64 vector);  // "#PF (Page Fault)", "vector 0x20"
std::string page_text(const Account& account, u8 level);      // "4-KiB page"
std::string page_fault_bits(const Account& account, u32 error_code);
// A whole sentence on an exception's error code.
std::string error_code_text(const Account& account, u64 vector, bool has_error_code, u32 error_code);
// What an entry of `level` says: rights, flags, and where it leads.
std::string entry_text(const Account& account, bool ept, unsigned level, u64 value);
std::string level_text(bool ept, unsigned level);  // "PDPTE", "EPT PTE"
std::string rights_text(u64 ept_rights);           // "rwx", "r--"
// Of a valid interruption-information field.
std::string interruption_text(const Account& account, u32 information);
// "sets WP, clears TS": what a write to CR0, CR4 or an MSR such as EFER changed, by the bits' names.
struct NamedBit {
  u8 index;
  std::string_view name;
};
std::string changed_bits(const Account& account, std::span<const NamedBit> names, u64 before, u64 after);
std::span<const NamedBit> control_register_bits(unsigned cr);
std::string device_text(const Account& account, u64 port);

}  // namespace trapline::explain
