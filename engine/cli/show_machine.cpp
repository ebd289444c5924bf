// The TLB, the VMCS, exits and console up to a moment.
#include <algorithm>

#include "base/address.h"
#include "base/json.h"
#include "cli/show.h"
#include "cli/table.h"
#include "views/console.h"
#include "views/exits.h"
#include "views/fold.h"
#include "views/tlb.h"
#include "views/vmcs.h"

namespace trapline::cli {

namespace {

std::string rights_of(const trace::TlbFill& entry) {
  std::string text = "r";
  text += entry.writable ? 'w' : '-';
  text += entry.executable ? 'x' : '-';
  text += entry.user ? 'u' : '-';
  text += entry.global ? 'g' : '-';
  text += entry.dirty ? 'd' : '-';
  return text;
}

const char* told_by(views::FieldToldBy by) {
  switch (by) {
    case views::FieldToldBy::monitor_wrote:
      return "VMWRITE";
    case views::FieldToldBy::monitor_read:
      return "VMREAD";
    case views::FieldToldBy::exit_reported:
      return "VM exit";
  }
  return "";
}

// All ones is a value like any other in a VMCS; only an exit's address can be one that was not reported.
std::string field_value(const views::VmcsFieldView& field) {
  if (field.told_by != views::FieldToldBy::exit_reported && field.value == unknown_address) return "0xffffffffffffffff";
  return hex(field.value);
}

Json exit_rows(const std::vector<views::ExitRow>& rows) {
  Json list = Json::array();
  for (const auto& row : rows)
    list.push(
        Json::object().set("reason", row.reason).set("count", row.count).set("cost", row.cost).set("first", row.first));
  return list;
}

// The column of costs only where some are known.
std::string exit_table(const std::vector<views::ExitRow>& rows, const char* title, const char* cost) {
  if (rows.empty()) return "";
  const bool priced = std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.cost > 0; });
  std::vector<Table::Column> columns{{title}, {"count", Align::right}, {"first event", Align::right}};
  if (priced) columns.push_back({cost, Align::right});
  Table table(std::move(columns));
  for (const auto& row : rows) {
    std::vector<std::string> cells{row.reason, grouped(row.count), std::to_string(row.first)};
    if (priced) cells.push_back(grouped(row.cost));
    table.add(std::move(cells));
  }
  return table.text();
}

Json trap_rows(const std::vector<views::ExitRow>& rows) {
  Json list = Json::array();
  for (const auto& row : rows)
    list.push(Json::object().set("reason", row.reason).set("count", row.count).set("first", row.first));
  return list;
}

}  // namespace

Result<std::string> show_tlb(const trace::EventSource& source, u64 at, Form form) {
  const auto tlb = views::folded<views::TlbView>(source, at + 1);
  if (form == Form::json) {
    Json entries = Json::array();
    for (const auto& [place, entry] : tlb.entries())
      entries.push(Json::object()
                       .set("set", u64{place.first})
                       .set("way", u64{place.second})
                       .set_hex("gva", entry.fill.gva)
                       .set_hex("gpa", entry.fill.gpa)
                       .set_hex("hpa", entry.fill.hpa)
                       .set("page_level", u64{entry.fill.page_level})
                       .set("rights", rights_of(entry.fill))
                       .set("vpid", u64{entry.fill.vpid})
                       .set("pcid", u64{entry.fill.pcid})
                       .set_hex("ept_pointer", entry.fill.ept_pointer)
                       .set("filled_by", entry.sequence));
    return Json::object().set("at", at).set("entries", entries).line() + "\n";
  }
  Table table({{"set", Align::right},
               {"way", Align::right},
               {"GVA"},
               {"GPA"},
               {"HPA"},
               {"level", Align::right},
               {"rights"},
               {"VPID", Align::right},
               {"PCID", Align::right},
               {"filled by", Align::right}});
  for (const auto& [place, entry] : tlb.entries())
    table.add({std::to_string(place.first), std::to_string(place.second), hex(entry.fill.gva), hex(entry.fill.gpa),
               hex(entry.fill.hpa), std::to_string(entry.fill.page_level), rights_of(entry.fill),
               std::to_string(entry.fill.vpid), std::to_string(entry.fill.pcid), std::to_string(entry.sequence)});
  return "TLB after event " + std::to_string(at) + ": " + std::to_string(tlb.entries().size()) +
         " entries (modelled; rights: read write execute user global dirty)\n" + table.text();
}

Result<std::string> show_vmcs(const trace::EventSource& source, u64 at, Form form) {
  const auto vmcs = views::folded<views::VmcsView>(source, at + 1);
  if (vmcs.fields().empty())
    return usage_error("this trace tells nothing of a VMCS up to event " + std::to_string(at) +
                       "; on kvm the VMCS is KVM's own and stays unknown");
  if (form == Form::json) {
    Json fields = Json::array();
    for (const auto& [encoding, field] : vmcs.fields())
      fields.push(Json::object()
                      .set_hex("encoding", encoding)
                      .set("name", field.name)
                      .set("value", field_value(field))
                      .set("told_by", told_by(field.told_by))
                      .set("seq", field.sequence));
    return Json::object().set("at", at).set("fields", fields).line() + "\n";
  }
  Table table({{"encoding"}, {"field"}, {"value"}, {"told by"}, {"event", Align::right}});
  for (const auto& [encoding, field] : vmcs.fields())
    table.add({hex(encoding), field.name, field_value(field), told_by(field.told_by), std::to_string(field.sequence)});
  return "VMCS as told up to event " + std::to_string(at) + "\n" + table.text();
}

Result<std::string> show_exits(const trace::EventSource& source, u64 at, Form form) {
  const auto exits = views::folded<views::ExitsView>(source, at + 1);
  if (form == Form::json)
    return Json::object()
               .set("at", at)
               .set("vm_exits", exit_rows(exits.vm_exits()))
               .set("traps", trap_rows(exits.traps()))
               .set("user_exits", exit_rows(exits.user_exits()))
               .line() +
           "\n";
  const std::string text = exit_table(exits.vm_exits(), "VM exits", "cycles to re-entry") +
                           exit_table(exits.traps(), "traps into the monitor", "") +
                           exit_table(exits.user_exits(), "returns to the user half", "ns in KVM_RUN");
  return text.empty() ? "no exits up to event " + std::to_string(at) + "\n" : text;
}

Result<std::string> show_console(const trace::EventSource& source, u64 at, Form form) {
  const auto console = views::folded<views::ConsoleView>(source, at + 1);
  if (form == Form::json) return Json::object().set("at", at).set("text", console.text).line() + "\n";
  std::string text = printable(console.text);
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

}  // namespace trapline::cli
