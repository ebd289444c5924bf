// The spec tables as rows: what the manuals say, in the words that traces use.
#include "lua/api.h"
#include "spec/costs.h"
#include "spec/entry_rules.h"
#include "spec/exit_reasons.h"
#include "spec/hypercalls.h"
#include "spec/paging_bits.h"
#include "spec/support.h"
#include "spec/vmcs_fields.h"

namespace trapline::lua {
namespace {

Table exit_reasons() {
  Table list;
  for (const auto& row : spec::exit_reason_rows())
    list.push(Table().set("value", row.value).set("name", row.name).set("sentence", row.sentence));
  return list;
}

Table vmcs_fields() {
  static constexpr std::string_view types[] = {"control", "read_only", "guest_state", "host_state"};
  static constexpr unsigned bits[] = {16, 64, 32, 64};
  Table list;
  for (const auto& row : spec::vmcs_field_rows()) {
    const u32 encoding = static_cast<u32>(row.value);
    list.push(Table()
                  .set("value", encoding)
                  .set("name", row.name)
                  .set("text", row.text)
                  .set("type", types[static_cast<u8>(spec::type_of_field(encoding))])
                  .set("bits", bits[static_cast<u8>(row.width)])
                  .set("modelled", row.modelled));
  }
  return list;
}

Table entry_rules() {
  static constexpr std::string_view groups[] = {"controls", "host_state", "guest_state"};
  Table list;
  for (const auto& row : spec::entry_rule_rows())
    list.push(Table()
                  .set("value", static_cast<u32>(row.value))
                  .set("name", row.name)
                  .set("group", groups[static_cast<u8>(row.group)])
                  .set("section", row.section)
                  .set("must", row.must)
                  .set("hint", row.hint));
  return list;
}

Table hypercalls() {
  Table list;
  for (const auto& row : spec::hypercall_rows()) {
    Table arguments;
    for (const std::string_view argument : row.arguments)
      if (!argument.empty()) arguments.push(argument);
    list.push(Table()
                  .set("value", static_cast<u32>(row.value))
                  .set("name", row.name)
                  .set("arguments", std::move(arguments))
                  .set("sentence", row.sentence));
  }
  return list;
}

Table paging_bits() {
  Table list;
  for (unsigned entry = 0; entry < spec::paging_entry_count; ++entry)
    for (const auto& row : spec::paging_bits_of(static_cast<spec::PagingEntry>(entry)))
      list.push(Table()
                    .set("entry", spec::name_of(row.entry))
                    .set("high", row.high)
                    .set("low", row.low)
                    .set("name", row.name)
                    .set("meaning", row.meaning.english));
  return list;
}

Table costs() {
  Table list;
  for (const auto& row : spec::cost_rows()) {
    Table cycles;
    for (const auto& generation : spec::generation_rows())
      cycles.set(generation.name, row.cycles[static_cast<u8>(generation.value)]);
    list.push(Table()
                  .set("name", row.name)
                  .set("cycles", std::move(cycles))
                  .set("basis", row.basis == spec::CostBasis::published ? "published" : "estimate")
                  .set("unit", row.unit)
                  .set("source", row.source));
  }
  return list;
}

Table support() {
  Table list;
  for (const auto& row : spec::support_rows())
    list.push(Table()
                  .set("technique", row.technique)
                  .set("metal", row.metal)
                  .set("capability", row.capability)
                  .set("status", spec::name_of(row.status))
                  .set("sentence", row.sentence.english));
  return list;
}

struct SpecTable {
  std::string_view name;
  Table (*rows)();
};
constexpr SpecTable tables[] = {{"exit_reasons", exit_reasons},
                                {"vmcs_fields", vmcs_fields},
                                {"entry_rules", entry_rules},
                                {"hypercalls", hypercalls},
                                {"paging_bits", paging_bits},
                                {"costs", costs},
                                {"support", support}};

Result<> spec_rows(Invocation& call) {
  std::string names;
  for (const SpecTable& table : tables) {
    if (table.name == call.text(0)) {
      call.give(table.rows());
      return {};
    }
    names += (names.empty() ? "" : ", ") + std::string(table.name);
  }
  return usage_error("trapline.spec: there is no table '" + std::string(call.text(0)) + "'; the tables are " + names);
}

}  // namespace

const LibraryRow& spec_library() {
  static const LibraryRow row = {
      "trapline",
      "",
      {{"spec",
        {{"table", "string", "exit_reasons, vmcs_fields, entry_rules, hypercalls, paging_bits, costs or support"}},
        "table[]",
        "The rows of a table of the manuals, as the engine has them.",
        spec_rows}}};
  return row;
}

}  // namespace trapline::lua
