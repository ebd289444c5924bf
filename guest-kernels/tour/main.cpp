// The tour: one small kernel that does each kind of thing a kernel does, once or a few times, in a fixed order, and
// says so on its console. `fact:` lines hold in every lane; `lane:` lines may differ.
#include "../common/arch.h"
#include "../common/marks.h"
#include "../common/paging.h"
#include "../common/text.h"
#include "tour.h"

extern "C" void kernel_main(const BootInfo* boot_info) {
  const BootInfo boot = *boot_info;  // the loader's memory is not mapped for long
  arch::start();
  {
    const Marked marked(Action::boot);
    Line().text("lane: memory ").hex64(boot.memory_bytes).text(" seed ").hex64(boot.seed).print();
    paging::start();
    Line().text("fact: tour ").hex64(boot.magic).print();
  }
  tour::report_cpuid();
  tour::report_sensitive_instructions();
  tour::work_in_memory();
  tour::wait_for_ticks();
  tour::run_processes();
  Line().text("fact: end").print();
  { const Marked marked(Action::exit); }
  arch::exit(0);
}
