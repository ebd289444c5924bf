// Each control of the modelled VMX governs its own exits and nothing else. A guest under changed controls executes the
// same instructions and ends with the same registers; all other exits and every step of every interrupt stay where they
// were, to the instruction; and the control's own exits are as many as the guest executes instructions of that kind,
// counted by opcode in a recording of all instructions.
#include <algorithm>
#include <doctest/doctest.h>
#include <functional>
#include <map>

#include "arch/state_bytes.h"
#include "spec/exit_reasons.h"
#include "whole/machine_code.h"

namespace trapline::whole {
namespace {

using spec::ExitReason;
using trace::Level;

// ---- what a guest executed -----------------------------------------------------------------------------------------
// An instruction without prefixes: opcode bytes, with ModRM last where there is one.
struct Executed {
  u8 bytes[4] = {};
  bool operand_size = false, repeat = false, kernel = false;

  bool is(u8 first, u8 second) const { return bytes[0] == first && bytes[1] == second; }
  unsigned reg() const { return (bytes[2] >> 3) & 7; }
  bool memory() const { return bytes[2] < 0xc0; }
};

Executed executed(const trace::Instruction& event) {
  Executed result;
  result.kernel = event.cpl == 0;
  u8 bytes[16] = {};
  std::memcpy(bytes, &event.bytes_low, 8);
  std::memcpy(bytes + 8, &event.bytes_high, 8);
  unsigned at = 0;
  for (;; ++at) {
    result.operand_size |= bytes[at] == 0x66;
    result.repeat |= bytes[at] == 0xf3;
    const bool prefix = bytes[at] == 0x66 || bytes[at] == 0xf3 || bytes[at] == 0xf2 || (bytes[at] & 0xf0) == 0x40;
    if (!prefix) break;
  }
  std::copy_n(bytes + at, 4, result.bytes);
  return result;
}

bool is_table_instruction(const Executed& i) {  // SGDT SIDT LGDT LIDT, SLDT STR LLDT LTR
  const bool gdtr_idtr = i.is(0x0f, 0x01) && i.memory() && i.reg() < 4;
  const bool ldtr_tr = i.is(0x0f, 0x00) && i.reg() < 4;
  return (gdtr_idtr && (i.reg() < 2 || i.kernel)) || (ldtr_tr && (i.reg() < 2 || i.kernel));
}

// ---- the controls --------------------------------------------------------------------------------------------------
struct Control {
  std::string name;
  std::function<void(metal::HardwareOptions&)> toggle;
  std::vector<ExitReason> reasons;                     // that it governs
  std::function<bool(const Executed&)> exits_when_on;  // which instructions
  bool on_in_base = false;
  std::vector<u8> vectors = {};  // for the exception bitmap: whose deliveries exit
};

using Options = metal::HardwareOptions;

Control exceptions(const std::string& name, u8 vector) {
  return {name,    [vector](Options& o) { o.exception_bitmap = 1U << vector; }, {ExitReason::EXCEPTION_NMI}, {}, false,
          {vector}};
}

const std::vector<Control>& controls() {
  static const std::vector<Control> rows = {
      {"hlt_exiting",
       [](Options& o) { o.hlt_exiting = false; },
       {ExitReason::HLT},
       [](const Executed& i) { return i.bytes[0] == 0xf4 && i.kernel; },
       true},
      {"rdtsc_exiting",
       [](Options& o) { o.rdtsc_exiting = true; },
       {ExitReason::RDTSC, ExitReason::RDTSCP},
       [](const Executed& i) { return i.is(0x0f, 0x31) || (i.is(0x0f, 0x01) && i.bytes[2] == 0xf9); }},
      {"invlpg_exiting",
       [](Options& o) { o.invlpg_exiting = true; },
       {ExitReason::INVLPG, ExitReason::INVPCID},
       [](const Executed& i) {
         const bool invpcid = i.is(0x0f, 0x38) && i.bytes[2] == 0x82 && i.operand_size;
         return i.kernel && (invpcid || (i.is(0x0f, 0x01) && i.memory() && i.reg() == 7));
       }},
      {"cr3_load_exiting",
       [](Options& o) { o.cr3_load_exiting = true; },
       {ExitReason::CR_ACCESS},
       [](const Executed& i) { return i.is(0x0f, 0x22) && i.reg() == 3 && i.kernel; }},
      {"cr3_store_exiting",
       [](Options& o) { o.cr3_store_exiting = true; },
       {ExitReason::CR_ACCESS},
       [](const Executed& i) { return i.is(0x0f, 0x20) && i.reg() == 3 && i.kernel; }},
      {"descriptor_table_exiting",
       [](Options& o) { o.descriptor_table_exiting = true; },
       {ExitReason::GDTR_IDTR, ExitReason::LDTR_TR},
       is_table_instruction},
      {"mov_dr_exiting",
       [](Options& o) { o.mov_dr_exiting = true; },
       {ExitReason::DR_ACCESS},
       [](const Executed& i) { return (i.is(0x0f, 0x21) || i.is(0x0f, 0x23)) && i.kernel; }},
      {"pause_exiting",
       [](Options& o) { o.pause_exiting = true; },
       {ExitReason::PAUSE_INSTRUCTION},
       [](const Executed& i) { return i.bytes[0] == 0x90 && i.repeat; }},
      {"use_msr_bitmaps off",
       [](Options& o) { o.use_msr_bitmaps = false; },
       {ExitReason::MSR_READ, ExitReason::MSR_WRITE},
       [](const Executed& i) { return (i.is(0x0f, 0x32) || i.is(0x0f, 0x30)) && i.kernel; }},
      {"vpid off", [](Options& o) { o.vpid = false; }, {}, {}},
      exceptions("exception bitmap #PF", 14),
      exceptions("exception bitmap #GP", 13),
      exceptions("exception bitmap #UD", 6),
      exceptions("exception bitmap #DE", 0),
  };
  return rows;
}

// ---- what a trace says ---------------------------------------------------------------------------------------------
template <typename Event>
void each(const Ran& ran, const std::function<void(const Event&, const trace::Stamp&)>& visit) {
  auto cursor = ran.trace().events(ran.trace().kinds<Event>());
  while (const trace::RecordedEvent* event = cursor.next()) visit(*event->as<Event>(), event->stamp());
}

bool governs(const Control& control, const trace::VmExit& exit) {
  const auto reason = static_cast<ExitReason>(exit.reason);
  if (std::ranges::count(control.reasons, reason) == 0) return false;
  return reason != ExitReason::CR_ACCESS || (exit.qualification & 15) == 3;  // CR0 and CR4 exit by their masks
}

// Without HLT exiting the processor sleeps until the host's timer interrupts it.
bool is_side_effect(const Control& control, const trace::VmExit& exit) {
  return control.name == "hlt_exiting" && static_cast<ExitReason>(exit.reason) == ExitReason::EXTERNAL_INTERRUPT;
}

// Reason, qualification, RIP, guest-physical address, retired count: of exits that are none of the control's.
using Exit = std::array<u64, 5>;
std::vector<Exit> other_exits(const Ran& ran, const Control& control) {
  std::vector<Exit> exits;
  each<trace::VmExit>(ran, [&](const trace::VmExit& exit, const trace::Stamp& stamp) {
    if (!governs(control, exit) && !is_side_effect(control, exit))
      exits.push_back({exit.reason, exit.qualification, exit.rip, exit.guest_physical, stamp.retired});
  });
  return exits;
}

u64 own_exits(const Ran& ran, const Control& control) {
  u64 own = 0;
  each<trace::VmExit>(ran, [&](const trace::VmExit& exit, const trace::Stamp&) { own += governs(control, exit); });
  return own;
}

using Step = std::array<u64, 4>;
std::vector<Step> interrupts(const Ran& ran) {
  std::vector<Step> steps;
  each<trace::Interrupt>(ran, [&](const trace::Interrupt& step, const trace::Stamp& stamp) {
    steps.push_back({step.phase, step.line, step.vector, stamp.retired});
  });
  return steps;
}

std::vector<Step> exceptions_of(const Ran& ran) {
  std::vector<Step> list;
  each<trace::Exception>(ran, [&](const trace::Exception& e, const trace::Stamp& stamp) {
    list.push_back({e.vector, e.error_code, e.rip, stamp.retired});
  });
  return list;
}

// The guest's registers at the end.
std::vector<std::byte> last_registers(const Ran& ran) {
  std::vector<std::byte> bytes;
  auto cursor = ran.trace().events(ran.trace().kinds<trace::Keyframe>());
  while (const trace::RecordedEvent* event = cursor.next())
    if (event->as<trace::Keyframe>()->tag == arch::cpu_state_tag)
      bytes.assign(event->blob().begin(), event->blob().end());
  return bytes;
}

// ---- guests --------------------------------------------------------------------------------------------------------
// Everything that the controls govern and tour does not do.
Code sensitive_code() {
  const Code tables = Code{0x0f, 0x01, 0x04, 0x24} + Code{0x0f, 0x01, 0x14, 0x24}    // SGDT, LGDT [RSP]
                      + Code{0x0f, 0x01, 0x0c, 0x24} + Code{0x0f, 0x01, 0x1c, 0x24}  // SIDT, LIDT [RSP]
                      + Code{0x0f, 0x00, 0xc0} + Code{0x0f, 0x00, 0xd0}              // SLDT EAX, LLDT AX
                      + Code{0x0f, 0x00, 0xc8};                                      // STR EAX
  const Code time = Code{0x0f, 0x31} + Code{0x0f, 0x01, 0xf9} + Code{0xf3, 0x90};    // RDTSC, RDTSCP, PAUSE
  const Code pages = Code{0x0f, 0x20, 0xd8} + Code{0x0f, 0x22, 0xd8}                 // MOV RAX, CR3; MOV CR3, RAX
                     + Code{0x0f, 0x01, 0x38}                                        // INVLPG [RAX]
                     + mov_rax(2) + Code{0x66, 0x0f, 0x38, 0x82, 0x04, 0x24};        // INVPCID RAX, [RSP]: everything
  const Code debug = Code{0x0f, 0x21, 0xf8} + Code{0x0f, 0x23, 0xf8} + Code{0x0f, 0x23, 0xc0};  // DR7, DR7, DR0
  Code registers{};
  for (const u32 index : {0xc0000080U, 0xc0000082U, 0xc0000102U})  // EFER, LSTAR, KERNEL_GS_BASE
    registers = registers + mov_ecx(index) + Code{0x0f, 0x32} + Code{0x0f, 0x30};
  // The stack is touched first, so that no instruction is the first to reach its page.
  return Code{0x48, 0x83, 0xec, 0x40, 0x50, 0x58} + tables + time + time + pages + pages + debug + registers +
         leave_with(0);
}

struct Guest {
  std::string name;
  u64 seed = 1;
};

Ran run(const Guest& guest, Level level, const metal::HardwareOptions& options) {
  const test::Folder folder;
  session::RunRequest request =
      guest.name == "sensitive" ? lane_of(sensitive_code(), folder, level) : lane(guest.name, guest.seed, level);
  request.hardware = options;
  return Ran(request);
}

// What a control's exits must come to, from a run in which nothing of the kind exits.
u64 expected_exits(const Ran& all_instructions, const Control& control) {
  u64 count = 0;
  if (!control.vectors.empty()) {
    for (const Step& exception : exceptions_of(all_instructions)) count += exception[0] == control.vectors[0];
    return count;
  }
  if (!control.exits_when_on) return 0;
  each<trace::Instruction>(all_instructions, [&](const trace::Instruction& event, const trace::Stamp&) {
    count += control.exits_when_on(executed(event));
  });
  return count;
}

void check_same_guest(const Ran& base, const Ran& ran) {
  CHECK(ran.result().outcome == trace::Outcome::finished);
  CHECK(ran.result().exit_code == 0);
  CHECK(ran.console() == base.console());
  CHECK(ran.result().retired == base.result().retired);
  CHECK(interrupts(ran) == interrupts(base));
  CHECK(exceptions_of(ran) == exceptions_of(base));
  CHECK(last_registers(ran) == last_registers(base));
}

// Whether the guest does anything that the control governs.
bool check_control(const Guest& guest, const Control& control, const Ran& base, const Ran& all_instructions) {
  CAPTURE(guest.name);
  CAPTURE(control.name);
  metal::HardwareOptions options;
  control.toggle(options);
  const Ran ran = run(guest, Level::exits, options);
  check_same_guest(base, ran);
  CHECK(other_exits(ran, control) == other_exits(base, control));
  const u64 expected = expected_exits(all_instructions, control);
  const Ran& with = control.on_in_base ? base : ran;
  const Ran& without = control.on_in_base ? ran : base;
  CHECK(own_exits(with, control) == expected);
  if (control.name == "use_msr_bitmaps off")
    CHECK(own_exits(without, control) < expected);  // bitmaps reserve some
  else
    CHECK(own_exits(without, control) == 0);
  return expected > 0;
}

TEST_CASE("toggling a control changes exactly its exits, and nothing that the guest does") {
  const Guest guests[] = {{"tour"}, {"shuffle", 2}, {"sensitive"}};
  std::map<std::string, unsigned> exercised;
  for (const Guest& guest : guests) {
    const Ran base = run(guest, Level::exits, {});
    const Ran all_instructions = run(guest, Level::instructions, {});
    REQUIRE(base.result().outcome == trace::Outcome::finished);
    for (const Control& control : controls())
      exercised[control.name] += check_control(guest, control, base, all_instructions);
  }
  for (const Control& control : controls()) {
    CAPTURE(control.name);
    const bool governs_something = !control.reasons.empty();
    CHECK((exercised[control.name] > 0) == governs_something);
  }
}

}  // namespace
}  // namespace trapline::whole
