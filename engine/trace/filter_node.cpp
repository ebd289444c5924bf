#include "trace/filter_node.h"

namespace trapline::trace {
namespace {

bool compares(u64 value, bool value_unknown, Comparison comparison, const Operand& operand) {
  if (operand.unknown) return value_unknown == (comparison == Comparison::equal);
  if (value_unknown) return false;
  switch (comparison) {
    case Comparison::equal:
      return value == operand.low;
    case Comparison::unequal:
      return value != operand.low;
    case Comparison::less:
      return value < operand.low;
    case Comparison::at_most:
      return value <= operand.low;
    case Comparison::greater:
      return value > operand.low;
    case Comparison::at_least:
      return value >= operand.low;
    case Comparison::within:
      return value >= operand.low && value <= operand.high;
    case Comparison::not_zero:
      return value != 0;
  }
  return false;
}

struct Both : FilterNode {
  std::unique_ptr<FilterNode> left, right;
  bool matches(const RecordedEvent& event) const override { return left->matches(event) && right->matches(event); }
};

struct Either : FilterNode {
  std::unique_ptr<FilterNode> left, right;
  bool matches(const RecordedEvent& event) const override { return left->matches(event) || right->matches(event); }
};

struct Not : FilterNode {
  std::unique_ptr<FilterNode> inner;
  bool matches(const RecordedEvent& event) const override { return !inner->matches(event); }
};

struct OfKind : FilterNode {
  bool matches(const RecordedEvent& event) const override { return may_hold[event.kind_number()]; }
};

struct OfHeader : FilterNode {
  HeaderField field = HeaderField::seq;
  Comparison comparison = Comparison::equal;
  Operand operand;
  bool matches(const RecordedEvent& event) const override {
    const u64 value = value_of(event);
    return compares(value, field == HeaderField::retired && value == unknown_number, comparison, operand);
  }
  u64 value_of(const RecordedEvent& event) const {
    const RecordHeader& header = event.header();
    switch (field) {
      case HeaderField::seq:
        return event.sequence();
      case HeaderField::kind:
        return header.kind;
      case HeaderField::vcpu:
        return header.vcpu;
      case HeaderField::tick:
        return header.tick;
      case HeaderField::retired:
        return header.retired;
      case HeaderField::cause:
        return header.cause;
      case HeaderField::provenance:
        return header.provenance;
    }
    return 0;
  }
};

struct OfField : FilterNode {
  std::vector<KindTest> tests;  // by kind
  Comparison comparison = Comparison::equal;
  bool matches(const RecordedEvent& event) const override {
    const KindTest& test = tests[event.kind_number()];
    if (!test.tested) return false;
    const u64 value = event.field(test.field);
    const FieldSchema& field = event.schema().fields[test.field];
    return compares(value, means_unknown(field.display, field.bytes, value), comparison, test.operand);
  }
};

}  // namespace

std::unique_ptr<FilterNode> make_both(std::unique_ptr<FilterNode> left, std::unique_ptr<FilterNode> right) {
  auto node = std::make_unique<Both>();
  node->may_hold = left->may_hold & right->may_hold;
  node->may_fail = left->may_fail | right->may_fail;
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

std::unique_ptr<FilterNode> make_either(std::unique_ptr<FilterNode> left, std::unique_ptr<FilterNode> right) {
  auto node = std::make_unique<Either>();
  node->may_hold = left->may_hold | right->may_hold;
  node->may_fail = left->may_fail & right->may_fail;
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

std::unique_ptr<FilterNode> make_not(std::unique_ptr<FilterNode> inner) {
  auto node = std::make_unique<Not>();
  node->may_hold = inner->may_fail;
  node->may_fail = inner->may_hold;
  node->inner = std::move(inner);
  return node;
}

std::unique_ptr<FilterNode> make_kind(const KindSet& kinds, const KindSet& all) {
  auto node = std::make_unique<OfKind>();
  node->may_hold = kinds;
  node->may_fail = all & ~kinds;
  return node;
}

std::unique_ptr<FilterNode> make_header(HeaderField field, Comparison comparison, Operand operand, const KindSet& all) {
  auto node = std::make_unique<OfHeader>();
  node->may_hold = all;
  node->may_fail = all;
  node->field = field;
  node->comparison = comparison;
  node->operand = operand;
  return node;
}

std::unique_ptr<FilterNode> make_field(std::vector<KindTest> tests, Comparison comparison, const KindSet& all) {
  auto node = std::make_unique<OfField>();
  for (std::size_t kind = 0; kind < tests.size(); ++kind) node->may_hold[kind] = tests[kind].tested;
  node->may_fail = all;
  node->tests = std::move(tests);
  node->comparison = comparison;
  return node;
}

}  // namespace trapline::trace
