// Three processes in three address spaces: two twins that share their linear addresses and nothing else, and a worker
// that keeps the kernel busy. The scheduler takes turns; a program runs until it yields or ends.
#include "../common/marks.h"
#include "../common/process.h"
#include "../common/text.h"
#include "../common/user_space.h"
#include "tour.h"

namespace tour {
namespace {

using user_space::Call;

struct Process {
  u64 root;
  arch::UserContext context;
  bool ended;
};

constexpr u64 processes = 3;
Process table[processes];
bool copied;

void copy_page(u64 from, u64 to) {
  u64 words = 512;
  asm volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(words) : : "memory");
}

void create(u64 number, Program program) {
  Process& process = table[number];
  const u64 data = paging::data_frame(first_data + number);
  process.root = process::new_space({paging::data_frame(first_stack + number), paging::data_frame(clock_frame)});
  paging::map(process.root, user_space::data, data | process::user_data_page);
  paging::map(process.root, shared_page, paging::data_frame(original_frame) | process::user_constant_page);
  u64 words = 512, to = data;
  asm volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(0x0101010101010101 * (number + 1)) : "memory");
  process::prepare(process.context, program, number);
}

// What the kernel can mend: the first touch of the sparse page, the first write to the shared one.
bool repair(const Process& process) {
  const u64 page = process.context.fault_address & ~u64{0xfff};
  const u64 error = process.context.error;
  if (page == sparse_user && (error & 1) == 0) {
    paging::map(process.root, page, paging::data_frame(demand_frame) | process::user_data_page);
    return true;
  }
  if (page == shared_page && error == 7 && !copied) {
    copied = true;
    copy_page(paging::data_frame(original_frame), paging::data_frame(copy_frame));
    paging::map(process.root, page, paging::data_frame(copy_frame) | process::user_data_page);
    arch::flush_page(page);
    return true;
  }
  return false;
}

void handle_fault(Process& process) {
  const Marked marked(Action::page_fault);
  Line()
      .text("fact: page fault ")
      .hex64(process.context.fault_address)
      .text(" error ")
      .hex8(process.context.error)
      .print();
  if (repair(process) || process::resume_after_fault(process.context)) return;
  arch::die(process.context);
}

// True while the program keeps its turn.
bool handle_call(Process& process) {
  if (static_cast<Call>(process.context.rax) == Call::yield) return false;
  if (static_cast<Call>(process.context.rax) == Call::exit) {
    process.ended = true;
    Line().text("fact: program ended ").hex64(process.context.rdi).print();
    return false;
  }
  process.context.rax = process::system_call(process.context);
  return true;
}

void handle_tick() {
  const Marked marked(Action::timer_tick);
  process::tell_clock(paging::data_frame(clock_frame));
}

bool handle(Process& process, arch::Event event) {
  switch (event) {
    case arch::Event::system_call:
      return handle_call(process);
    case arch::Event::page_fault:
      handle_fault(process);
      return true;
    case arch::Event::timer:
      handle_tick();
      return true;
    case arch::Event::disk:
      return true;
    case arch::Event::exception:
      break;
  }
  if (!process::resume_after_fault(process.context)) arch::die(process.context);
  return true;
}

void give_turn(Process& process) {
  const Marked marked(Action::user_program);
  process::switch_to(process.root);
  while (handle(process, arch::run_user(process.context))) {
  }
}

void fill_shared_page() {
  u64 words = 512, to = paging::data_frame(original_frame);
  asm volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(0x5ca1ab1e0ddba11) : "memory");
}

}  // namespace

void run_processes() {
  process::tell_clock(paging::data_frame(clock_frame));
  fill_shared_page();
  create(0, twin);
  create(1, twin);
  create(2, worker);
  for (u64 ended = 0; ended != processes;) {
    for (Process& process : table) {
      if (process.ended) continue;
      give_turn(process);
      ended += process.ended;
    }
  }
  process::switch_to(paging::kernel_root());
}

}  // namespace tour
