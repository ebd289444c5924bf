// Shuffle: a kernel that does what a table tells it, so that a seed makes an order of actions, addresses and interrupt
// moments that nobody chose. It knows nothing of what should come out; the generator of the table does (plan.cpp).
#include "../../common/marks.h"
#include "../../common/text.h"
#include "shuffle.h"

extern "C" void kernel_main(const BootInfo* boot_info) {
  const BootInfo boot = *boot_info;
  arch::start();
  if (boot.module_base == 0) {
    Line().text("lane: shuffle needs a plan as its boot module").print();
    arch::exit(1);
  }
  {
    const Marked marked(Action::boot);
    Line().text("lane: seed ").hex64(boot.seed).print();
    paging::start();
    shuffle::make_spaces(boot.module_base, boot.module_bytes);
  }
  if (shuffle::plan().magic != shuffle::plan_magic || shuffle::plan().bytes > boot.module_bytes) {
    Line().text("lane: the boot module is no plan").print();
    arch::exit(1);
  }
  for (u64 number = 0; number < shuffle::plan().top_rows; ++number) {
    shuffle::run_script(shuffle::kernel_row(number), number);
  }
  Line().text("fact: end").print();
  { const Marked marked(Action::exit); }
  arch::exit(0);
}
