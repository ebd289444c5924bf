// Runs one script to its end and prints one fact: the script's own sum, and the checksum of what the kernel saw.
#include "../../common/marks.h"
#include "../../common/text.h"
#include "../../common/user_space.h"
#include "shuffle.h"

namespace shuffle {
namespace {

using user_space::Call;

Run current;
u64 current_root;

void handle_fault() {
  const Marked marked(Action::page_fault);
  current.log = mix(mix(current.log, current.context.fault_address), current.context.error);
  if (repair(current_root, current.context.fault_address & ~u64{0xfff})) return;
  if (!process::resume_after_fault(current.context)) arch::die(current.context);
}

void handle_tick() {
  const Marked marked(Action::timer_tick);
  tell_clock();
  if (current.expected_rip == 0) return;
  current.log = mix(current.log, current.context.rip == current.expected_rip);
  current.expected_rip = 0;
}

// True until the script has ended.
bool handle_call() {
  if (static_cast<Call>(current.context.rax) == Call::exit) return false;
  if (static_cast<Call>(current.context.rax) != Call::act) {
    current.context.rax = process::system_call(current.context);
    return true;
  }
  const Marked marked(Action::system_call);
  const KernelRow* row = &kernel_row(current.context.rdi);
  u64 sum = 0;
  for (u64 left = current.context.rsi; left != 0; --left, ++row) {
    if (row->act == Act::switch_space) current_root = root_of(row->space);
    sum = mix(sum, carry_out(*row, current));
  }
  current.context.rax = sum;
  return true;
}

bool handle(arch::Event event) {
  switch (event) {
    case arch::Event::system_call:
      return handle_call();
    case arch::Event::page_fault:
      handle_fault();
      return true;
    case arch::Event::timer:
      handle_tick();
      return true;
    case arch::Event::disk:
      return true;
    case arch::Event::exception:
      break;
  }
  if (!process::resume_after_fault(current.context)) arch::die(current.context);
  return true;
}

}  // namespace

void run_script(const KernelRow& row, u64 ordinal) {
  {
    const Marked marked(Action::user_program);
    current_root = root_of(row.space);
    process::switch_to(current_root);
    process::prepare(current.context, 0, plan_address + plan().script_rows + row.a * sizeof(ScriptRow));
    current.log = 0;
    while (handle(arch::run_user(current.context))) {
    }
  }
  Line line;
  line.text("fact: ").hex8(ordinal).text(" ").hex8(row.x).text(" ");
  line.hex64(current.context.rdi).text(" ").hex64(current.log).print();
}

}  // namespace shuffle
