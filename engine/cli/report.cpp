#include "cli/report.h"

#include <algorithm>

#include "cli/table.h"
#include "views/fold.h"
#include "views/summary.h"

namespace trapline::cli {

namespace {

std::string counted(const std::map<std::string, u64>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) text += (text.empty() ? "" : ", ") + name + " " + grouped(count);
  return text.empty() ? "none" : text;
}

std::string console_part(const views::ConsoleView& console) {
  std::string out = "\nConsole\n";
  std::string line;
  for (const char letter : console.text + "\n") {
    if (letter != '\n') {
      line += letter;
      continue;
    }
    if (!line.empty()) out += "  | " + printable(line) + "\n";
    line.clear();
  }
  return out;
}

// Time inside KVM_RUN is known where the guest's exits are KVM's.
std::string user_exits_table(const std::vector<views::ExitRow>& rows) {
  const bool timed = std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.cost > 0; });
  std::vector<Table::Column> columns{{"reason"}, {"count", Align::right}, {"first event", Align::right}};
  if (timed) columns.push_back({"ns in KVM_RUN", Align::right});
  Table table(std::move(columns));
  for (const auto& row : rows) {
    std::vector<std::string> cells{row.reason, grouped(row.count), std::to_string(row.first)};
    if (timed) cells.push_back(row.cost ? grouped(row.cost) : "-");
    table.add(std::move(cells));
  }
  return table.text();
}

std::string exits_part(const views::ExitsView& exits) {
  std::string out;
  if (!exits.vm_exits().empty()) {
    Table table(
        {{"reason"}, {"count", Align::right}, {"cycles to re-entry", Align::right}, {"first event", Align::right}});
    for (const auto& row : exits.vm_exits())
      table.add({row.reason, grouped(row.count), grouped(row.cost), std::to_string(row.first)});
    out += "\nVM exits by reason (" + grouped(exits.vm_entries()) + " VM entries)\n" + table.text();
  }
  if (!exits.user_exits().empty()) {
    out += "\nReturns to the monitor's user half\n" + user_exits_table(exits.user_exits());
  }
  return out;
}

// One line of a section; none where there is nothing to count.
std::string line_of(const char* title, const std::map<std::string, u64>& counts) {
  return counts.empty() ? "" : std::string("  ") + title + ": " + counted(counts) + "\n";
}

// What the processor delivered through the guest's IDT; nothing there does not always mean none.
std::string delivered(const views::Summary& summary, const std::map<std::string, u64>& counts) {
  if (!counts.empty() || !summary.header) return counted(counts);
  const auto technique = static_cast<trace::Technique>(summary.header->technique);
  if (technique == trace::Technique::para) return "through upcalls rather than an IDT, see below";
  if (technique == trace::Technique::hardware && summary.header->metal == static_cast<u8>(trace::MetalKind::kvm))
    return "unknown, since KVM's processor delivers them unseen";
  return "none";
}

std::string deprivileged_part(const views::DeprivilegedTotals& totals) {
  if (totals.traps.empty()) return "";
  std::string out = "\nThe monitor of the deprivileged guest\n" + line_of("traps", totals.traps) +
                    line_of("instructions emulated", totals.emulated) + line_of("faults reflected", totals.reflected);
  if (totals.blocks)
    out += "  translated code: " + grouped(totals.blocks) + " blocks of " + grouped(totals.instructions) +
           " instructions, " + grouped(totals.invalidated) + " blocks thrown away\n";
  if (totals.shadow_filled)  // a level below mmu does not record them
    out += "  shadow entries: " + grouped(totals.shadow_filled) + " filled, " + grouped(totals.shadow_synced) +
           " guest entries followed, " + grouped(totals.shadow_zapped) + " zapped\n";
  return out;
}

std::string paravirtual_part(const views::ParavirtualView& view) {
  if (view.empty()) return "";
  Table table({{"hypercall"}, {"count", Align::right}, {"first event", Align::right}});
  for (const auto& [name, calls] : view.hypercalls())
    table.add({name, grouped(calls.count), std::to_string(calls.first)});
  std::string out = "\nWhat the paravirtual kernel asked for\n" + table.text();
  out += "\nWhat it was told and given\n" + line_of("hypercalls refused", view.refused()) +
         line_of("upcalls into the kernel", view.upcalls()) + line_of("events delivered", view.events());
  const auto tables = view.tables();  // a level below mmu does not record them
  if (view.table_updates()) out += "  page-table entries validated and stored: " + grouped(view.table_updates()) + "\n";
  return out + line_of("frames in use as page tables at the end", tables) +
         line_of("virtqueue transitions", view.transitions());
}

std::string memory_part(const views::Summary& summary) {
  const auto& walks = summary.walks;
  if (walks.walks == 0) return "";
  std::string out = "\nPage walks\n  " + grouped(walks.walks) + " walks, " + grouped(walks.derived) +
                    " of them derived by software: " + counted(walks.outcomes) + "\n";
  out += "  references: " + grouped(walks.from_memory) + " to memory, " + grouped(walks.from_caches) +
         " from paging-structure caches, " + grouped(walks.from_tlb) + " from the TLB\n";
  if (walks.most > 0)
    out += "  a translated walk went to memory " + grouped(walks.fewest) + " to " + grouped(walks.most) + " times\n";
  const auto& tlb = summary.tlb;
  if (tlb.misses() == 0) return out;
  out += "\nTLB\n  " + grouped(tlb.misses()) + " misses, " + grouped(tlb.fills()) + " fills, " +
         grouped(tlb.evictions()) + " evictions, " + grouped(tlb.flushes()) + " flushes that dropped " +
         grouped(tlb.flushed_entries()) + " entries\n";
  return out;
}

std::string costs_part(const views::Summary& summary, bool modelled) {
  if (!modelled) return "\nCosts\n  " + grouped(summary.tick) + " ns from first to last event (this host's time)\n";
  u64 in_exits = 0;
  for (const auto& row : summary.exits.vm_exits()) in_exits += row.cost;
  std::string out = "\nCosts\n  " + grouped(summary.tick) + " modelled cycles";
  if (!summary.exits.vm_exits().empty()) out += ", " + grouped(in_exits) + " of them between VM exit and VM entry";
  return out + "; " + grouped(summary.retired) + " instructions retired\n";
}

}  // namespace

std::string report(const trace::EventSource& source) {
  const auto summary = views::folded<views::Summary>(source);
  const bool modelled = summary.retired != trace::unknown_number;
  std::string out = console_part(summary.console);
  out += "\nWhat the guest did\n  actions: " + counted(summary.actions) +
         "\n  exceptions: " + delivered(summary, summary.exceptions) +
         "\n  interrupts: " + delivered(summary, summary.interrupts) + "\n";
  out += exits_part(summary.exits) + deprivileged_part(summary.deprivileged) + paravirtual_part(summary.paravirtual) +
         memory_part(summary);
  if (summary.gaps) out += "\nGaps\n  " + grouped(summary.gaps) + " stretches that this metal does not let us see\n";
  return out + costs_part(summary, modelled);
}

}  // namespace trapline::cli
