#include "spec/virtio_rules.h"

#include "spec/rows.h"

namespace trapline::spec {
namespace {

constexpr VirtioRuleInfo rule_table[] = {
#define VIRTIO_RULE(name, number, section, sentence) {VirtioRule::name, #name, section, sentence},
#include "spec/virtio_rules.def"
#undef VIRTIO_RULE
};
static_assert(values_rise(rule_table) && names_differ(rule_table));

}  // namespace

std::span<const VirtioRuleInfo> virtio_rule_rows() { return rule_table; }

}  // namespace trapline::spec
