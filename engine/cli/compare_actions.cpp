// One section for each kind of guest action: all occurrences as a table with a row for each lane, then the first one in
// words. Lanes stand in rows because six of them do not fit a line as columns.
#include <algorithm>

#include "cli/compare_phrases.h"
#include "cli/table.h"
#include "compare/differences.h"

namespace trapline::cli {

namespace {

using compare::ActionTotals;
using compare::Cell;
using compare::Knowledge;
using compare::Lane;
using compare::Measure;

struct Meaning {
  trace::Action action;
  const char* sentence;
};

// guest-kernels/MACHINE.md, "Ports", as a reader needs it who has not seen the guest.
constexpr Meaning meanings[] = {
    {trace::Action::boot, "the kernel makes its machine ready"},
    {trace::Action::console_line, "the kernel prints a line: byte by byte to a serial port, in para by one hypercall"},
    {trace::Action::cpuid, "the kernel asks which processor this is, and prints the answer"},
    {trace::Action::sensitive, "the kernel executes instructions that tell or give something else outside ring 0"},
    {trace::Action::address_space, "the kernel goes over to another address space: MOV to CR3, in para load_root"},
    {trace::Action::user_program, "a program runs at user level, with all that it asks for and all its faults"},
    {trace::Action::system_call, "a program asks its kernel for something by SYSCALL"},
    {trace::Action::page_fault, "the kernel handles a page fault of a program, and tells of it"},
    {trace::Action::timer_tick, "the kernel asks for a timer interrupt and sleeps until it comes"},
    {trace::Action::disk_block, "a block is read from the disk: by ports, in para through a virtqueue"},
    {trace::Action::computation, "arithmetic that needs no monitor"},
    {trace::Action::memory_work, "the kernel maps, remaps and unmaps pages of its own"},
};

std::string meaning_of(u8 action) {
  for (const Meaning& row : meanings)
    if (static_cast<u8>(row.action) == action) return std::string(": ") + row.sentence;
  return "";
}

// In the order in which one thing leads to another: the stop, the monitor's work, what the guest gets, devices, paging.
constexpr Measure told[] = {
    Measure::vm_exits,          Measure::traps,         Measure::hypercalls,       Measure::hypercalls_refused,
    Measure::emulated,          Measure::user_exits,    Measure::faults_reflected, Measure::exceptions,
    Measure::interrupts,        Measure::upcalls,       Measure::events_delivered, Measure::console_bytes,
    Measure::ring_transitions,  Measure::walks,         Measure::tlb_flushes,      Measure::shadow_filled,
    Measure::shadow_synced,     Measure::shadow_zapped, Measure::table_updates,    Measure::tables_made,
    Measure::blocks_translated,
};

const ActionTotals* totals_of(const Lane& lane, u8 action) {
  const auto found = lane.actions.find(action);
  return found == lane.actions.end() || found->second.occurrences == 0 ? nullptr : &found->second;
}

std::string cost_text(const Lane& lane, u64 ticks) {
  return lane.modelled() ? grouped(ticks) : grouped((ticks + 500) / 1000) + " us";
}

std::vector<std::string> lane_row(const Lanes& lanes, std::size_t index, u8 action) {
  const Lane& lane = lanes[index];
  const ActionTotals* totals = totals_of(lane, action);
  if (!totals) return {lane_heading(lanes, index), "0"};
  return {lane_heading(lanes, index),
          grouped(totals->occurrences),
          std::to_string(totals->first_begin),
          cost_text(lane, totals->first.ticks),
          text_of(compare::stops_of(lane, totals->first.account)),
          cost_text(lane, totals->all.ticks / totals->occurrences),
          text_of(compare::stops_of(lane, totals->all.account)),
          text_of(compare::cell_of(lane, Measure::user_exits, totals->all.account)),
          text_of(compare::cell_of(lane, Measure::markers, totals->all.account))};
}

// "traps into the monitor 2 (system_call 2)"
std::string measure_phrase(const Lane& lane, Measure measure, const compare::Account& account) {
  const Cell cell = compare::cell_of(lane, measure, account);
  if (cell.knowledge != Knowledge::counted || cell.count == 0) return "";
  std::vector<std::pair<std::string, u64>> words(account.words(measure).begin(), account.words(measure).end());
  std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string inside;
  for (const auto& [word, count] : words)
    inside += (inside.empty() ? "" : ", ") + short_word(word) + (words.size() == 1 ? "" : " " + grouped(count));
  const std::string text = std::string(compare::info_of(measure).title) + " " + grouped(cell.count);
  return inside.empty() ? text : text + " (" + inside + ")";
}

// A kvm lane's first occurrence is like that of its technique on soft, but for what kvm hides.
bool is_told(const Lanes& lanes, std::size_t index) {
  return lanes[index].modelled() || std::none_of(lanes.begin(), lanes.end(), [&](const Lane& lane) {
           return lane.modelled() && lane.technique() == lanes[index].technique();
         });
}

std::string first_text(const Lanes& lanes, std::size_t index, u8 action) {
  const Lane& lane = lanes[index];
  const ActionTotals* totals = totals_of(lane, action);
  if (!totals || !is_told(lanes, index)) return "";
  std::vector<std::string> phrases;
  for (const Measure measure : told)
    if (std::string phrase = measure_phrase(lane, measure, totals->first.account); !phrase.empty())
      phrases.push_back(std::move(phrase));
  const std::string events =
      totals->first_ended ? "events " + std::to_string(totals->first_begin) + " to " + std::to_string(totals->first_end)
                          : "from event " + std::to_string(totals->first_begin) + " on";
  return wrapped(
      lane_heading(lanes, index) + ", " + events + ": " + (phrases.empty() ? "nothing" : join(phrases, ", ")) + ".",
      "  ", "    ");
}

std::string action_part(const Lanes& lanes, u8 action) {
  Table table({{"lane"},
               {"times", Align::right},
               {"first at", Align::right},
               {"cycles", Align::right},
               {"stops", Align::right},
               {"each", Align::right},
               {"all stops", Align::right},
               {"user half", Align::right},
               {"markers", Align::right}});
  std::string text;
  for (std::size_t index = 0; index < lanes.size(); ++index) {
    table.add(lane_row(lanes, index, action));
    text += first_text(lanes, index, action);
  }
  return "\n" + wrapped(compare::action_name(action) + meaning_of(action)) + table.text() + text;
}

constexpr const char* key =
    "How to read what follows. An action lasts from its begin marker to its end marker; what is nested in it counts "
    "for "
    "both. `first at` is the event number of the first one's begin; `cycles` and `stops` behind it are the first "
    "one's. "
    "`each` is the mean over all occurrences; what stands right of it is their sum. Costs are modelled cycles on soft, "
    "microseconds of this host on kvm. A stop is a VM exit under technique hardware, a trap under the others. The user "
    "half is where the monitor keeps its devices; to go there and back is the dearest thing it does. `markers` are the "
    "lab's own, each of them one stop and one return to the user half; a guest without them would not have these.";

}  // namespace

std::string compare_actions_text(const Lanes& lanes) {
  const auto kinds = compare::action_kinds(lanes);
  if (kinds.empty()) return "\nThe guest announced no action.\n";
  std::string text = "\n" + wrapped(key);
  for (const u8 action : kinds) text += action_part(lanes, action);
  const auto modelled = std::find_if(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.modelled(); });
  const Lane& shown = modelled == lanes.end() ? lanes.front() : *modelled;
  const ActionTotals* totals = totals_of(shown, kinds.front());
  if (!totals || !totals->first_ended) return text;
  return text + "\n" + wrapped("To see such a stretch event by event:") + "  scripts/trapline events " + shown.name +
         " --where 'seq in " + std::to_string(totals->first_begin) + ".." + std::to_string(totals->first_end) + "'\n";
}

}  // namespace trapline::cli
