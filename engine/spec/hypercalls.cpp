#include "spec/hypercalls.h"

#include <algorithm>

#include "spec/rows.h"

namespace trapline::spec {
namespace {

constexpr HypercallInfo hypercall_table[] = {
#define HYPERCALL(name, number, first, second, third, fourth, sentence) \
  {Hypercall::name, #name, {first, second, third, fourth}, sentence},
#define HYPERCALL_ERROR(name, number, sentence)
#define HYPERCALL_RULE(name, number, error, sentence)
#include "spec/hypercalls.def"
#undef HYPERCALL
#undef HYPERCALL_ERROR
#undef HYPERCALL_RULE
};
static_assert(values_rise(hypercall_table) && names_differ(hypercall_table));

constexpr HypercallErrorInfo error_table[] = {
#define HYPERCALL(name, number, first, second, third, fourth, sentence)
#define HYPERCALL_ERROR(name, number, sentence) {HypercallError::name, #name, sentence},
#define HYPERCALL_RULE(name, number, error, sentence)
#include "spec/hypercalls.def"
#undef HYPERCALL
#undef HYPERCALL_ERROR
#undef HYPERCALL_RULE
};
static_assert(values_rise(error_table) && names_differ(error_table));

constexpr HypercallRuleInfo rule_table[] = {
#define HYPERCALL(name, number, first, second, third, fourth, sentence)
#define HYPERCALL_ERROR(name, number, sentence)
#define HYPERCALL_RULE(name, number, error, sentence) {HypercallRule::name, #name, HypercallError::error, sentence},
#include "spec/hypercalls.def"
#undef HYPERCALL
#undef HYPERCALL_ERROR
#undef HYPERCALL_RULE
};
static_assert(values_rise(rule_table) && names_differ(rule_table));

}  // namespace

std::span<const HypercallInfo> hypercall_rows() { return hypercall_table; }
std::span<const HypercallErrorInfo> hypercall_error_rows() { return error_table; }
std::span<const HypercallRuleInfo> hypercall_rule_rows() { return rule_table; }

const HypercallInfo* find_hypercall(u64 number) {
  const auto found = std::find_if(std::begin(hypercall_table), std::end(hypercall_table),
                                  [&](const HypercallInfo& row) { return static_cast<u64>(row.value) == number; });
  return found == std::end(hypercall_table) ? nullptr : found;
}

const HypercallRuleInfo& info_of(HypercallRule rule) {
  return *std::find_if(std::begin(rule_table), std::end(rule_table),
                       [&](const HypercallRuleInfo& row) { return row.value == rule; });
}

}  // namespace trapline::spec
