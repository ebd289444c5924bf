// The cost of an exit is known only when the next entry comes, so the last exit stays open until then.
#include "views/exits.h"

#include <algorithm>

#include "views/words.h"

namespace trapline::views {

namespace {

std::size_t row_of(std::vector<ExitRow>& rows, std::string_view reason, u64 sequence) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const ExitRow& row) { return row.reason == reason; });
  if (found != rows.end()) return static_cast<std::size_t>(found - rows.begin());
  rows.push_back({std::string(reason), 0, 0, sequence});
  return rows.size() - 1;
}

std::string reason_of(const trace::RecordedEvent& event) {
  const auto field = event.schema().find_field("reason");
  if (!field) return "unknown";
  const std::string_view word = event.word(*field);
  return word.empty() ? "reason " + std::to_string(event.field(*field)) : std::string(word);
}

std::vector<ExitRow> by_count(std::vector<ExitRow> rows) {
  std::sort(rows.begin(), rows.end(), [](const ExitRow& left, const ExitRow& right) {
    return left.count != right.count ? left.count > right.count : left.reason < right.reason;
  });
  return rows;
}

}  // namespace

trace::KindSet ExitsView::kinds(const trace::EventSource& source) {
  return source.kinds<trace::VmExit, trace::VmEntry, trace::Trap, trace::UserExit>();
}

void ExitsView::add(const trace::RecordedEvent& event) {
  if (event.is<trace::VmExit>()) {
    open_row_ = row_of(vm_exits_, reason_of(event), event.sequence());
    open_tick_ = event.tick();
    ++vm_exits_[open_row_].count;
  } else if (event.is<trace::VmEntry>()) {
    ++entries_;
    if (open_row_ < vm_exits_.size()) vm_exits_[open_row_].cost += event.tick() - open_tick_;
    open_row_ = ~0ULL;
  } else if (const auto trap = event.as<trace::Trap>()) {
    const bool exception = trap->trap_kind == static_cast<u8>(trace::TrapKind::exception);
    const std::string reason = exception ? "exception " + word_of(event, "vector") : word_of(event, "trap_kind");
    ++traps_[row_of(traps_, reason, event.sequence())].count;
  } else if (const auto exit = event.as<trace::UserExit>()) {
    ExitRow& row = user_exits_[row_of(user_exits_, reason_of(event), event.sequence())];
    ++row.count;
    if (exit->nanoseconds != trace::unknown_number) row.cost += exit->nanoseconds;
  }
}

std::vector<ExitRow> ExitsView::vm_exits() const { return by_count(vm_exits_); }
std::vector<ExitRow> ExitsView::traps() const { return by_count(traps_); }
std::vector<ExitRow> ExitsView::user_exits() const { return by_count(user_exits_); }

}  // namespace trapline::views
