// The paravirtual kernel's start, its upcalls, and the way into user code.
#include "arch_para.h"

#include "text.h"

extern "C" {
u64 enter_user(arch::UserContext* context, const trapline::para_abi::IretFrame* frame);
extern const u8 upcall[];
}

namespace arch {
namespace {

using namespace para;

constexpr u64 vectors = 32;
constexpr u64 page_fault = 14;

alignas(16) u8 upcall_stack[256];  // holds one frame at a time: a stop leaves it at once

// Tells a loader what the image is built for (para_abi.h). Without padding: a note's parts are aligned to 4.
struct [[gnu::packed]] Note {
  u32 name_bytes = sizeof abi::note_name;
  u32 content_bytes = sizeof abi::version;
  u32 type = abi::note_type;
  char name[(sizeof abi::note_name + 3) / 4 * 4] = {};
  u64 content = abi::version;
};

constexpr Note make_note() {
  Note note;
  for (u64 i = 0; i < sizeof abi::note_name; ++i) note.name[i] = abi::note_name[i];
  return note;
}

[[gnu::section(".note.trapline"), gnu::used, gnu::aligned(4)]] constexpr Note note = make_note();

void name_handlers() {
  abi::TrapHandler handlers[vectors];
  for (u64 vector = 0; vector < vectors; ++vector) handlers[vector] = {vector, address_of(upcall)};
  must(Hypercall::set_trap_table, address_of(handlers), vectors);
  must(Hypercall::set_callbacks, address_of(upcall), address_of(upcall));
  must(Hypercall::stack_switch, address_of(upcall_stack + sizeof upcall_stack));
}

void print_name(Line& line, Hypercall number) {
  switch (number) {
#define HYPERCALL(name, number, ...) \
  case Hypercall::name:              \
    line.text(#name);                \
    return;
#define HYPERCALL_ERROR(...)
#define HYPERCALL_RULE(...)
#include "../../engine/spec/hypercalls.def"
#undef HYPERCALL
#undef HYPERCALL_ERROR
#undef HYPERCALL_RULE
  }
}

}  // namespace

void para::refused(Hypercall number, u64 result) {
  static bool telling;  // console_write may be what is refused
  const u64 error = -result;
  if (!telling) {
    telling = true;
    Line line;
    line.text("unexpected: hypercall ");
    print_name(line, number);
    line.text(" error ").hex8(error).print();
  }
  exit(0xc0 + static_cast<u32>(error & 0x3f));
}

void start() { name_handlers(); }

// Where both events wait, the timer's is told first; the disk's stays pending and stops the program at once again.
Event run_user(UserContext& context) {
  send_updates();
  for (;;) {
    const abi::IretFrame frame{context.rax,    context.rcx,    context.r11, context.rip,
                               abi::user_code, context.rflags, context.rsp, abi::user_data};
    const u64 vector = enter_user(&context, &frame);
    if (vector == abi::system_call_upcall) return Event::system_call;
    if (vector == page_fault) {
      context.fault_address = shared().fault_address;
      return Event::page_fault;
    }
    if (vector != abi::event_upcall) return Event::exception;
    if (take(abi::Channel::timer)) return Event::timer;
    if (take(abi::Channel::disk)) return Event::disk;
  }
}

void die(const UserContext& stop) {
  Line line;
  line.text("unexpected: vector ").hex8(stop.vector).text(" error ").hex32(stop.error);
  line.text(" rip ").hex64(stop.rip).text(" cr2 ").hex64(shared().fault_address).print();
  exit(0x80 + static_cast<u32>(stop.vector & 0x7f));
}

Cpuid cpuid(u32 leaf, u32 subleaf) {
  Cpuid answer;
  must(Hypercall::cpuid, leaf, subleaf, address_of(&answer));
  return answer;
}

// A fault of the kernel's may be about a page whose entry still waits to be sent: then the access is tried again.
extern "C" void kernel_upcall(const abi::UpcallFrame* frame) {
  if (frame->vector == abi::event_upcall) {
    take(abi::Channel::timer);
    take(abi::Channel::disk);
    return;
  }
  if (frame->vector == page_fault && send_updates()) return;
  UserContext stop{};
  stop.vector = frame->vector;
  stop.error = frame->error_code;
  stop.rip = frame->rip;
  die(stop);
}

extern "C" void iret_refused(u64 result) { refused(Hypercall::iret, result); }

}  // namespace arch
