// Registers at a moment, with a word on where they come from: a keyframe of the trace, or the lane run again (soft).
#include "base/address.h"
#include "base/json.h"
#include "cli/show.h"
#include "cli/table.h"
#include "session/replay.h"
#include "views/fold.h"
#include "views/registers.h"

namespace trapline::cli {

namespace {

constexpr const char* gpr_names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                     "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
constexpr const char* segment_names[] = {"es", "cs", "ss", "ds", "fs", "gs"};

struct Named {
  const char* name;
  u64 value;
};

std::vector<Named> control_registers(const arch::CpuState& state) {
  return {{"cr0", state.cr0}, {"cr2", state.cr2},   {"cr3", state.cr3},   {"cr4", state.cr4},
          {"cr8", state.cr8}, {"efer", state.efer}, {"star", state.star}, {"lstar", state.lstar},
          {"pat", state.pat}, {"dr6", state.dr[6]}, {"dr7", state.dr[7]}, {"gs_base_kernel", state.kernel_gs_base}};
}

std::string flag_letters(u64 rflags) {
  static constexpr struct {
    u64 mask;
    const char* name;
  } flags[] = {{arch::flag::cf, "CF"},  {arch::flag::pf, "PF"}, {arch::flag::af, "AF"},
               {arch::flag::zf, "ZF"},  {arch::flag::sf, "SF"}, {arch::flag::tf, "TF"},
               {arch::flag::if_, "IF"}, {arch::flag::df, "DF"}, {arch::flag::of, "OF"}};
  std::string text;
  for (const auto& flag : flags)
    if (rflags & flag.mask) text += (text.empty() ? "" : " ") + std::string(flag.name);
  return text;
}

std::string as_text(const arch::CpuState& state, const std::string& origin) {
  std::string out = "registers, " + origin + "\n";
  Table general({{}, {}, {}, {}});
  for (unsigned row = 0; row < 8; ++row)
    general.add({gpr_names[row], padded_hex(state.gpr[row]), gpr_names[row + 8], padded_hex(state.gpr[row + 8])});
  general.add({"rip", padded_hex(state.rip), "rflags", hex(state.rflags) + " " + flag_letters(state.rflags)});
  out += general.text() + "\n";
  Table segments({{"segment"}, {"selector"}, {"base"}, {"limit"}, {"rights"}});
  const auto add = [&](const char* name, const arch::Segment& segment) {
    segments.add({name, hex(segment.selector), hex(segment.base), hex(segment.limit), hex(segment.access_rights)});
  };
  for (unsigned index = 0; index < 6; ++index) add(segment_names[index], state.segments[index]);
  add("ldtr", state.ldtr);
  add("tr", state.tr);
  segments.add({"gdtr", "", hex(state.gdtr.base), hex(state.gdtr.limit)});
  segments.add({"idtr", "", hex(state.idtr.base), hex(state.idtr.limit)});
  out += segments.text() + "\n";
  Table control({{}, {}});
  for (const Named& row : control_registers(state)) control.add({row.name, padded_hex(row.value)});
  return out + control.text();
}

Json as_json(const arch::CpuState& state, const std::string& origin, u64 at) {
  Json json = Json::object();
  json.set("at", at).set("origin", origin);
  const auto set = [&](const char* name, u64 value) {
    value == unknown_address ? json.set(name, "0xffffffffffffffff") : json.set_hex(name, value);
  };
  for (unsigned index = 0; index < 16; ++index) set(gpr_names[index], state.gpr[index]);
  set("rip", state.rip);
  set("rflags", state.rflags);
  for (const Named& row : control_registers(state)) set(row.name, row.value);
  const auto segment = [](const arch::Segment& value) {
    return Json::object()
        .set_hex("selector", value.selector)
        .set_hex("base", value.base)
        .set_hex("limit", value.limit)
        .set_hex("access_rights", value.access_rights);
  };
  for (unsigned index = 0; index < 6; ++index) json.set(segment_names[index], segment(state.segments[index]));
  json.set("ldtr", segment(state.ldtr)).set("tr", segment(state.tr));
  json.set("gdtr", Json::object().set_hex("base", state.gdtr.base).set_hex("limit", state.gdtr.limit));
  return json.set("idtr", Json::object().set_hex("base", state.idtr.base).set_hex("limit", state.idtr.limit));
}

}  // namespace

Result<std::string> show_regs(const trace::EventSource& source, u64 at, Form form) {
  const auto event = source.at(at);
  if (!event) return usage_error("event " + std::to_string(at) + " lies in a damaged part of the trace");
  const u64 retired = event->stamp().retired;
  const auto view = views::folded<views::RegistersView>(source, at + 1);
  std::string origin;
  std::optional<arch::CpuState> state;
  if (view.keyframe() &&
      (view.keyframe_sequence() == at || (retired != trace::unknown_number && view.keyframe_retired() == retired))) {
    origin = "from the keyframe of event " + std::to_string(view.keyframe_sequence());
    state = view.keyframe();
  } else {
    const auto replayed = session::registers_at(source, retired);
    if (!replayed) return replayed.error();
    origin = "from running the lane again up to " + grouped(retired) + " retired instructions";
    state = *replayed;
  }
  return form == Form::json ? as_json(*state, origin, at).line() + "\n" : as_text(*state, origin);
}

}  // namespace trapline::cli
