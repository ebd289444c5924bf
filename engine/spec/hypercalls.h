// The hypercall ABI as enums and as rows (hypercalls.def).
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"

namespace trapline::spec {

#define HYPERCALL(name, number, first, second, third, fourth, sentence) name = (number),
#define HYPERCALL_ERROR(name, number, sentence)
#define HYPERCALL_RULE(name, number, error, sentence)
enum class Hypercall : u16 {
#include "spec/hypercalls.def"
};
#undef HYPERCALL
#undef HYPERCALL_ERROR
#define HYPERCALL(name, number, first, second, third, fourth, sentence)
#define HYPERCALL_ERROR(name, number, sentence) name = (number),
// What the guest gets is the negative of these.
enum class HypercallError : u8 {
#include "spec/hypercalls.def"
};
#undef HYPERCALL_ERROR
#undef HYPERCALL_RULE
#define HYPERCALL_ERROR(name, number, sentence)
#define HYPERCALL_RULE(name, number, error, sentence) name = (number),
enum class HypercallRule : u16 {
#include "spec/hypercalls.def"
};
#undef HYPERCALL
#undef HYPERCALL_ERROR
#undef HYPERCALL_RULE

struct HypercallInfo {
  Hypercall value;
  std::string_view name;
  std::string_view arguments[4];  // empty where there is none
  std::string_view sentence;
};
struct HypercallErrorInfo {
  HypercallError value;
  std::string_view name;
  std::string_view sentence;
};
struct HypercallRuleInfo {
  HypercallRule value;
  std::string_view name;
  HypercallError error;
  std::string_view sentence;
};

std::span<const HypercallInfo> hypercall_rows();
std::span<const HypercallErrorInfo> hypercall_error_rows();
std::span<const HypercallRuleInfo> hypercall_rule_rows();
const HypercallInfo* find_hypercall(u64 number);  // null where there is none of this number
const HypercallRuleInfo& info_of(HypercallRule rule);

}  // namespace trapline::spec
