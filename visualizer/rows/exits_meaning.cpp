// What a cause of stops is, in one sentence: the manual's own where a row of engine/spec has it, else what it means to
// a monitor of this technique.
#include "explain/sentences.h"
#include "spec/exit_reasons.h"
#include "spec/hypercalls.h"
#include "spec/vectors.h"
#include "visualizer/rows/exits_rows.h"

namespace trapline::window {

namespace {

using trace::Technique;
using views::StopGroup;

struct Row {
  StopGroup group;
  std::string_view name;
  Text text;
};

constexpr Row rows[] = {
    {StopGroup::vm_exits, "IO_INSTRUCTION", Text::exits_io_instruction},
    {StopGroup::vm_exits, "EPT_VIOLATION", Text::exits_ept_violation},
    {StopGroup::vm_exits, "HLT", Text::exits_hlt},
    {StopGroup::vm_exits, "EXTERNAL_INTERRUPT", Text::exits_external_interrupt},
    {StopGroup::vm_exits, "INTERRUPT_WINDOW", Text::exits_interrupt_window},
    {StopGroup::vm_exits, "CPUID", Text::exits_cpuid},
    {StopGroup::vm_exits, "CR_ACCESS", Text::exits_cr_access},
    {StopGroup::vm_exits, "EXCEPTION_NMI", Text::exits_exception_nmi},
    {StopGroup::traps, "stop_reached", Text::exits_stop_reached},
    {StopGroup::traps, "interrupted", Text::exits_interrupted},
    {StopGroup::user_exits, "port_io", Text::exits_port_io},
    {StopGroup::user_exits, "halt", Text::exits_halt},
    {StopGroup::user_exits, "hypercall", Text::exits_user_hypercall},
    {StopGroup::user_exits, "stop_reached", Text::exits_stop_reached},
    {StopGroup::user_exits, "interrupt_window", Text::exits_user_window},
    {StopGroup::user_exits, "interrupted", Text::exits_interrupted},
    {StopGroup::emulated, "branch", Text::exits_branch},
};

std::optional<Text> trap_meaning(std::string_view name, std::optional<Technique> technique) {
  const bool full = technique == Technique::full, para = technique == Technique::para;
  if (name == "exception GP" && full) return Text::exits_gp_full;
  if (name == "exception UD" && full) return Text::exits_ud_full;
  if (name == "exception PF" && full) return Text::exits_pf_full;
  if (name == "system_call") return para ? Text::exits_call_para : Text::exits_call_full;
  if (name.starts_with("exception ") && para) return Text::exits_exception_para;
  return std::nullopt;
}

template <typename Rows>
std::string sentence_in(const Rows& list, std::string_view table, std::string_view name, Language language) {
  for (const auto& row : list)
    if (row.name == name) return std::string(explain::spec_text(language, table, name, row.sentence));
  return {};
}

}  // namespace

std::string meaning_of(StopGroup group, std::string_view name, std::optional<Technique> technique, Language language) {
  const Words words(language);
  for (const Row& row : rows)
    if (row.group == group && row.name == name) return std::string(words(row.text));
  if (group == StopGroup::traps) {
    if (const auto text = trap_meaning(name, technique)) return std::string(words(*text));
    constexpr std::string_view exception = "exception ";
    if (name.starts_with(exception))
      return sentence_in(spec::vector_rows(), "vector", name.substr(exception.size()), language);
  }
  if (group == StopGroup::vm_exits) return sentence_in(spec::exit_reason_rows(), "exit_reason", name, language);
  if (group == StopGroup::hypercalls) return sentence_in(spec::hypercall_rows(), "hypercall", name, language);
  return group == StopGroup::reflected ? sentence_in(spec::vector_rows(), "vector", name, language) : std::string();
}

Text title_of(StopGroup group) {
  constexpr Text titles[] = {Text::exits_vm_exits, Text::exits_traps,      Text::exits_user_exits,
                             Text::exits_emulated, Text::exits_hypercalls, Text::exits_reflected,
                             Text::exits_upcalls};
  static_assert(std::size(titles) == views::stop_group_count);
  return titles[static_cast<std::size_t>(group)];
}

std::string shown_purpose(std::string_view name, Language language) {
  constexpr std::pair<std::string_view, Text> names[] = {
      {"serial port", Text::exits_serial_port},
      {"disk", Text::exits_disk},
      {"timer", Text::exits_timer},
      {"interrupt controller", Text::exits_interrupt_controller},
      {"marker port", Text::exits_marker_port_name},
      {"exit port", Text::exits_exit_port},
      {"no device", Text::exits_no_device},
      {"fault of the guest's own", Text::exits_own_fault},
      {views::StopsView::further_names, Text::exits_others},
  };
  for (const auto& [own, text] : names)
    if (own == name) return std::string(Words(language)(text));
  return std::string(name);
}

std::string shown_cause(std::string_view name) {
  constexpr std::string_view exception = "exception ";
  return name.starts_with(exception) ? "#" + std::string(name.substr(exception.size())) : std::string(name);
}

}  // namespace trapline::window
