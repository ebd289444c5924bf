// The rules of virtio that a driver can break, as an enum and as rows (virtio_rules.def).
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"

namespace trapline::spec {

enum class VirtioRule : u16 {
#define VIRTIO_RULE(name, number, section, sentence) name = (number),
#include "spec/virtio_rules.def"
#undef VIRTIO_RULE
};

struct VirtioRuleInfo {
  VirtioRule value;
  std::string_view name;
  std::string_view section;
  std::string_view sentence;
};

std::span<const VirtioRuleInfo> virtio_rule_rows();

}  // namespace trapline::spec
