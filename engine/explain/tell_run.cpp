// The run itself: header, end, keyframes, markers, console, gaps; and a lab's handlers.
#include "base/hex.h"
#include "explain/decode.h"
#include "explain/tell.h"

namespace trapline::explain {

namespace {

// Bytes of an instruction as two little-endian words hold them.
std::string bytes_text(const Account& account, u64 low, u64 high, unsigned length) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length && i < 15; ++i) {
    const u64 byte = (i < 8 ? low >> (8 * i) : high >> (8 * (i - 8))) & 0xff;
    if (i > 0) text += ' ';
    text += {digits[byte >> 4], digits[byte & 15]};
  }
  return text.empty() ? account.text(Say::bytes_unknown) : text;
}

// Four letters; what else a hostile trace holds stays a number.
std::string tag_text(u32 tag) {
  std::string text;
  for (unsigned i = 0; i < 4; ++i) {
    const char letter = static_cast<char>(tag >> (8 * i));
    const bool plain = (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') || letter == ' ';
    if (!plain) return hex_number(tag);
    text += letter;
  }
  return text;
}

}  // namespace

void tell(Account& account, const trace::RunHeader& header) {
  const std::string technique = account.word(static_cast<trace::Technique>(header.technique));
  const std::string metal = account.word(static_cast<trace::MetalKind>(header.metal));
  account.title(Say::run_header_title, {technique, metal});
  account.say(Say::run_header, {technique, metal, account.word(static_cast<trace::Level>(header.level)),
                                account.count(header.seed), account.count(header.memory_bytes)});
  switch (static_cast<trace::Technique>(header.technique)) {
    case trace::Technique::full:
      account.say(Say::run_header_full);
      account.cite(Section::lab_full);
      break;
    case trace::Technique::para:
      account.say(Say::run_header_para);
      account.cite(Section::lab_para);
      break;
    case trace::Technique::hardware:
      account.say(Say::run_header_hardware);
      account.cite(Section::lab_kernel_half);
      break;
    case trace::Technique::bare:
      break;
  }
  if (header.metal == static_cast<u8>(trace::MetalKind::soft)) account.say(Say::run_header_soft);
  if (header.metal == static_cast<u8>(trace::MetalKind::kvm)) {
    account.say(Say::run_header_kvm);
    account.cite(Section::kvm_run);
  }
  account.cite(Section::lab_words);
}

void tell(Account& account, const trace::RunEnd& end) {
  const auto outcome = static_cast<trace::Outcome>(end.outcome);
  account.title(Say::run_end_title, {account.word(outcome)});
  static constexpr std::pair<trace::Outcome, Say> rows[] = {
      {trace::Outcome::finished, Say::run_end_finished},
      {trace::Outcome::triple_fault, Say::run_end_triple},
      {trace::Outcome::budget_spent, Say::run_end_budget},
      {trace::Outcome::timed_out, Say::run_end_timed_out},
      {trace::Outcome::interrupted, Say::run_end_interrupted},
      {trace::Outcome::halted_forever, Say::run_end_halted},
      {trace::Outcome::entry_failed, Say::run_end_entry},
      {trace::Outcome::not_implemented, Say::run_end_not_implemented},
      {trace::Outcome::failed, Say::run_end_failed},
      {trace::Outcome::handler_failed, Say::run_end_handler}};
  bool told = false;
  for (const auto& [value, sentence] : rows) {
    if (value != outcome) continue;
    account.say(sentence, {std::to_string(end.exit_code)});
    told = true;
  }
  if (!told) account.say(Say::run_end_other, {account.word(outcome)});
  if (outcome == trace::Outcome::entry_failed) {
    const auto check = account.around().last<trace::EntryCheck>(account.sequence());
    if (check) account.say(Say::run_end_check, {number(check->sequence())});
    account.link(Say::link_cause, check);
  }
  account.cite(Section::lab_ports);
}

void tell(Account& account, const trace::Keyframe& part) {
  const std::string tag = tag_text(part.tag);
  account.title(Say::keyframe_title, {tag});
  account.say(Say::keyframe, {tag, account.count(part.set)});
  if (tag == "PAGE") account.say(Say::keyframe_page, {account.address(part.address)});
  if (tag == "CPU0") account.say(Say::keyframe_cpu);
  if (tag == "MEM0") account.say(Say::keyframe_memory, {account.address(part.address)});
  if (tag.starts_with("TLB")) account.say(Say::keyframe_tlb);
  if (tag == "VMCS") account.say(Say::keyframe_vmcs);
  account.say(Say::keyframe_bytes, {std::to_string(account.event().blob().size())});
  account.cite(tag == "PAGE" ? Section::lab_watched : Section::lab_files);
}

void tell(Account& account, const trace::Marker& marker) {
  const std::string action = account.word(static_cast<trace::Action>(marker.action));
  const std::string ordinal = std::to_string(marker.ordinal);
  account.title(Say::marker_title,
                {action, ordinal, account.text(marker.end ? Say::marker_end_word : Say::marker_begin_word)});
  account.say(marker.end ? Say::marker_end : Say::marker_begin, {action, ordinal});
  const auto partner = [&](const trace::Marker& other, const trace::RecordedEvent&) {
    return other.action == marker.action && other.ordinal == marker.ordinal && !other.end != !marker.end;
  };
  if (marker.end) {
    if (const auto begin = account.around().last<trace::Marker>(account.sequence(), partner)) {
      account.say(Say::marker_span,
                  {number(begin->sequence()), std::to_string(account.sequence() - begin->sequence())});
      account.link(Say::link_begin, begin);
    }
  } else if (const auto end = account.around().next<trace::Marker>(account.sequence(), partner)) {
    account.say(Say::marker_ends_at, {number(end->sequence())});
    account.link(Say::link_end, end);
  }
  const bool called = account.by(trace::Technique::para);
  account.say(called ? Say::marker_how_call : Say::marker_how_port);
  account.say(Say::marker_why);
  account.cite(called ? Section::lab_para_machine : Section::lab_ports);
}

void tell(Account& account, const trace::Console& console) {
  const std::string byte = hex_number(console.byte);
  account.title(Say::console_title, {byte});
  account.say(Say::console, {byte});
  if (console.byte > 0x20 && console.byte < 0x7f)
    account.say(Say::console_character, {std::string(1, static_cast<char>(console.byte))});
  if (console.byte == '\n') account.say(Say::console_line_feed);
  const auto call = account.by(trace::Technique::para) ? account.related_before<trace::Hypercall>() : std::nullopt;
  if (call) {
    account.say(Say::console_call, {number(call->sequence())});
    account.link(Say::link_hypercall, call);
  } else if (!account.by(trace::Technique::para)) {
    account.say(Say::console_serial);
    account.link(Say::link_port, account.related_before<trace::PortIo>());
  }
  account.cite(Section::lab_console);
}

void tell(Account& account, const trace::Gap& gap) {
  const auto reason = static_cast<trace::GapReason>(gap.reason);
  account.title(Say::gap_title, {account.word(reason)});
  switch (reason) {
    case trace::GapReason::kernel_half_unseen:
      account.say(Say::gap_kernel);
      break;
    case trace::GapReason::instructions_unseen:
      account.say(Say::gap_instructions);
      break;
    case trace::GapReason::budget_of_events:
      account.say(Say::gap_budget);
      break;
    default:
      account.say(Say::gap_other, {account.word(reason)});
  }
  if (const auto next = account.around().next<trace::UserExit>(account.sequence())) {
    account.say(Say::gap_next, {number(next->sequence())});
    account.link(Say::link_user_exit, next);
  }
  account.cite(Section::kvm_run);
  account.cite(Section::lab_kvm);
}

void tell(Account& account, const trace::NotImplemented& met) {
  account.title(Say::not_implemented_title);
  account.say(Say::not_implemented,
              {account.address(met.rip), bytes_text(account, met.bytes_low, met.bytes_high, met.length)});
  account.cite(Section::lab_words);
}

void tell(Account& account, const trace::MemoryAccess& memory) {
  const std::string access = access_text(account, memory.access);
  account.title(Say::memory_access_title, {access, account.address(memory.gva)});
  account.say(Say::memory_access, {access, std::to_string(memory.size), account.address(memory.gva),
                                   account.address(memory.hpa), hex_number(memory.value)});
  const u64 page = memory.gva & ~u64{0xfff};
  const auto kinds = account.around().source().kinds<trace::TlbHit, trace::WalkEnd>();
  const auto before = account.around().before(account.sequence(), kinds, [&](const trace::RecordedEvent& event) {
    const auto gva = event.field("gva");
    return gva && (*gva & ~u64{0xfff}) == page;
  });
  if (before && before->is<trace::TlbHit>()) account.say(Say::memory_access_hit);
  if (before && before->is<trace::WalkEnd>()) {
    account.say(Say::memory_access_walk, {number(before->sequence())});
    account.link(Say::link_walk_end, before);
  }
  account.cite(Section::four_level_paging);
}

void tell(Account& account, const trace::Instruction& instruction) {
  account.title(Say::instruction_title, {account.address(instruction.rip)});
  account.say(Say::instruction,
              {account.address(instruction.rip), std::to_string(instruction.length),
               bytes_text(account, instruction.bytes_low, instruction.bytes_high, instruction.length)});
  if (instruction.cpl == 0)
    account.say(Say::instruction_kernel);
  else
    account.say(Say::instruction_user, {std::to_string(instruction.cpl)});
  account.cite(Section::privileged_instructions);
}

// ---- handlers of a lab ----
void tell(Account& account, const trace::HandlerCall& call) {
  const std::string point = account.word(static_cast<trace::HandlerPoint>(call.point));
  account.title(Say::handler_call_title, {point});
  account.say(Say::handler_call, {point, account.address(call.rip), std::to_string(call.line)});
  const auto answer = account.around().next<trace::HandlerReturn>(
      account.sequence(), [&](const trace::HandlerReturn& other, const auto&) { return other.point == call.point; });
  account.link(Say::link_return, answer);
  account.cite(Section::lab_handlers);
}

void tell(Account& account, const trace::HandlerAction& change) {
  const auto action = static_cast<trace::HandlerChange>(change.action);
  account.title(Say::handler_action_title, {account.word(action)});
  static constexpr Say sentences[] = {Say::handler_set_register, Say::handler_write_linear, Say::handler_write_physical,
                                      Say::handler_skip,         Say::handler_raise,        Say::handler_vmwrite,
                                      Say::handler_map,          Say::handler_result};
  const Say sentence = change.action < std::size(sentences) ? sentences[change.action] : Say::handler_other;
  account.say(sentence, {hex_number(change.target), hex_number(change.value), std::to_string(change.line)});
  const auto call = account.around().last<trace::HandlerCall>(account.sequence());
  account.link(Say::link_begin, call);
  account.cite(Section::lab_handlers);
}

void tell(Account& account, const trace::HandlerReturn& answer) {
  const auto said = static_cast<trace::HandlerAnswer>(answer.answer);
  const std::string point = account.word(static_cast<trace::HandlerPoint>(answer.point));
  account.title(Say::handler_return_title, {account.word(said)});
  static constexpr Say sentences[] = {Say::handler_declined, Say::handler_handled, Say::handler_failed};
  const Say sentence = answer.answer < std::size(sentences) ? sentences[answer.answer] : Say::handler_answer_other;
  account.say(sentence, {point, account.word(said)});
  const auto call = account.around().last<trace::HandlerCall>(
      account.sequence(), [&](const trace::HandlerCall& other, const auto&) { return other.point == answer.point; });
  account.link(Say::link_begin, call);
  account.cite(Section::lab_handlers);
}

}  // namespace trapline::explain
