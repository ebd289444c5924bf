// The vocabularies that manuals define, as plain rows of (value, name), so that no bare number reaches a reader.
//
// The trace room puts them into every file's schema under the names spec::Vector, spec::ExitReason, spec::VmcsField,
// spec::EntryRule and spec::MsrIndex. Every list is sorted by value, without duplicates of value or name; that is held
// at compile time.
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"

namespace trapline::spec {

struct Word {
  u64 value;
  std::string_view name;
};

std::span<const Word> vectors();
// Basic exit reasons, and the whole exit-reason field of failed VM entries (bit 31 set).
std::span<const Word> exit_reasons();
// Every VMCS field by encoding; the high halves of 64-bit fields are there too, as NAME_high.
std::span<const Word> vmcs_fields();
std::span<const Word> entry_rules();
std::span<const Word> msr_indices();
// Numbers of the VM-instruction error field.
std::span<const Word> vm_instruction_errors();

// The word for a value, or empty where the list has none.
std::string_view word_of(std::span<const Word> words, u64 value);

}  // namespace trapline::spec
