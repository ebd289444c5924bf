// The support table (support.def): what each technique does, refuses or cannot observe on each metal.
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"
#include "base/language.h"

namespace trapline::spec {

enum class SupportStatus : u8 { supported, modelled, refused, unobservable, not_built };
std::string_view name_of(SupportStatus status);

struct SupportInfo {
  std::string_view technique;  // words of trace::Technique
  std::string_view metal;      // words of trace::MetalKind
  std::string_view capability;
  SupportStatus status;
  Sentence sentence;
};

std::span<const SupportInfo> support_rows();
// Null where the table has no such row.
const SupportInfo* find_support(std::string_view technique, std::string_view metal, std::string_view capability);

}  // namespace trapline::spec
