// A parsed filter: a tree of small nodes that each know whether an event matches, and which kinds could.
#pragma once

#include <memory>
#include <vector>

#include "trace/filter.h"

namespace trapline::trace {

struct FilterNode {
  virtual ~FilterNode() = default;
  virtual bool matches(const RecordedEvent& event) const = 0;
  KindSet may_hold;  // kinds of which an event can match
  KindSet may_fail;  // kinds of which an event can fail to match: what `not` needs
};

enum class Comparison : u8 { equal, unequal, less, at_most, greater, at_least, within, not_zero };

// What a field is compared with. `within` uses both ends.
struct Operand {
  u64 low = 0;
  u64 high = 0;
  bool unknown = false;  // the word `unknown`
};

// What every event carries in its header, by the name that the language gives it.
enum class HeaderField : u8 { seq, kind, vcpu, tick, retired, cause, provenance };

// How one kind is tested: which of its fields, against what. Words mean different numbers in different kinds.
struct KindTest {
  bool tested = false;
  u16 field = 0;
  Operand operand;
};

std::unique_ptr<FilterNode> make_both(std::unique_ptr<FilterNode> left, std::unique_ptr<FilterNode> right);
std::unique_ptr<FilterNode> make_either(std::unique_ptr<FilterNode> left, std::unique_ptr<FilterNode> right);
std::unique_ptr<FilterNode> make_not(std::unique_ptr<FilterNode> inner);
std::unique_ptr<FilterNode> make_kind(const KindSet& kinds, const KindSet& all);
std::unique_ptr<FilterNode> make_header(HeaderField field, Comparison comparison, Operand operand, const KindSet& all);
std::unique_ptr<FilterNode> make_field(std::vector<KindTest> tests, Comparison comparison, const KindSet& all);

}  // namespace trapline::trace
