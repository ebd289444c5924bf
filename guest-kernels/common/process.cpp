#include "process.h"

#include "marks.h"
#include "user_space.h"

extern "C" const u8 image_user[], image_user_end[];

namespace process {
namespace {

using user_space::Call;

constexpr u64 interrupts_on = 0x202;
u64 current_root;

u64 write_console(u64 address, u64 bytes) {
  const Marked marked(Action::console_line);
  arch::console_write(reinterpret_cast<const char*>(address), bytes);
  return bytes;
}

u64 read_block(u64 block, u64 address, u64 how) {
  const Marked marked(Action::disk_block);
  return !arch::read_block(static_cast<u32>(block), reinterpret_cast<void*>(address), static_cast<arch::Wait>(how & 1));
}

}  // namespace

u64 new_space(UserPages pages) {
  const u64 root = paging::new_space();
  const u64 table = paging::table_of(root, user_space::code);  // one table for all that every program has
  u64 index = 0;
  for (const u8* page = image_user; page < image_user_end; page += 0x1000) {
    arch::write_entry(table, index++, reinterpret_cast<u64>(page) | user_page);
  }
  arch::write_entry(table, user_space::table_index(user_space::stack), pages.stack | user_data_page);
  arch::write_entry(table, user_space::table_index(user_space::clock), pages.clock | user_constant_page);
  return root;
}

void prepare(arch::UserContext& context, u64 program, u64 argument) {
  context = arch::UserContext{};
  context.rip = user_space::code;
  context.rsp = user_space::stack_top;
  context.rflags = interrupts_on;
  context.rdi = program;
  context.rsi = argument;
}

void switch_to(u64 root) {
  if (root == current_root) return;
  const Marked marked(Action::address_space_switch);
  arch::load_root(root);
  current_root = root;
}

void tell_clock(u64 clock_frame) {
  *reinterpret_cast<volatile u64*>(clock_frame) = arch::taken(arch::Interrupt::timer);
}

u64 system_call(const arch::UserContext& context) {
  const Marked marked(Action::system_call);
  const u64 a = context.rdi, b = context.rsi, c = context.rdx;
  switch (static_cast<Call>(context.rax)) {
    case Call::write:
      return write_console(a, b);
    case Call::read_block:
      return read_block(a, b, c);
    case Call::echo:
      return user_space::echo(a, b, c);
    case Call::timer:
      return arch::timer_expired();
    case Call::arm:
      arch::arm_timer(static_cast<u16>(a));
      return 0;
    default:
      return ~u64{0};
  }
}

bool resume_after_fault(arch::UserContext& context) {
  if (context.r15 == 0) return false;
  context.rip = context.r15;
  context.rax = user_space::fault_result(context.vector, context.error);
  return true;
}

}  // namespace process
