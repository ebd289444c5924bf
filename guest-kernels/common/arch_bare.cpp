// The bare machine's tables: GDT, IDT, TSS, the system-call registers, page-table entries, and the way into user code.
#include "arch_bare.h"

#include "text.h"

extern "C" {
u64 enter_user(arch::UserContext* context);
extern const u8 system_call_entry[];
extern const u8 vector_stubs[];
}

namespace arch {
namespace {

using namespace bare;

struct [[gnu::packed]] TaskState {  // SDM vol. 3, "64-Bit TSS Format"
  u32 reserved;
  u64 stack[3];
  u64 reserved_again;
  u64 interrupt_stack[7];
  u64 reserved_at_last;
  u16 reserved_too;
  u16 io_map;
};

struct Gate {  // SDM vol. 3, "64-Bit IDT Gate Descriptors"
  u16 offset_low, selector;
  u8 interrupt_stack, type;
  u16 offset_middle;
  u32 offset_high, reserved;
};

struct [[gnu::packed]] TablePointer {
  u16 limit;
  const void* base;
};

struct KernelTrap {
  u64 vector, error, rip;
};

constexpr u64 stack_bytes = 1024;
constexpr u8 timer_stack = 1;   // an interrupt stack of its own for the timer, whatever ran before
constexpr u8 double_stack = 2;  // and for the double fault, which may be about a broken stack
constexpr u64 double_fault = 8;
constexpr u64 page_fault = 14;

alignas(16) u8 trap_stack[stack_bytes];
alignas(16) u8 interrupt_stacks[2][stack_bytes];
alignas(16) TaskState task;
alignas(16) Gate gates[vectors];
alignas(16) u64 descriptors[8] = {
    0,
    0x00af9b000000ffff,  // 0x08 kernel code
    0x00cf93000000ffff,  // 0x10 kernel data
    0,                   // 0x18 32-bit user code, which the lab does not use
    0x00cff3000000ffff,  // 0x20 user data
    0x00affb000000ffff,  // 0x28 user code
    0,
    0,  // 0x30 TSS
};

void fill_task_state() {
  task.stack[0] = reinterpret_cast<u64>(trap_stack + stack_bytes);
  task.interrupt_stack[timer_stack - 1] = reinterpret_cast<u64>(interrupt_stacks[0] + stack_bytes);
  task.interrupt_stack[double_stack - 1] = reinterpret_cast<u64>(interrupt_stacks[1] + stack_bytes);
  task.io_map = sizeof task;
  const u64 base = reinterpret_cast<u64>(&task);
  descriptors[6] = (sizeof task - 1) | (base & 0xffffff) << 16 | u64{0x89} << 40 | (base >> 24 & 0xff) << 56;
  descriptors[7] = base >> 32;
}

void fill_gates() {
  u64 target = reinterpret_cast<u64>(vector_stubs);
  for (Gate& gate : gates) {
    // The image lies below 4 GiB. 0x8e: present, DPL 0, interrupt gate.
    *reinterpret_cast<u64*>(&gate) =
        (target & 0xffff) | u64{kernel_code} << 16 | u64{0x8e} << 40 | (target >> 16) << 48;
    target += 16;
  }
  gates[first_interrupt].interrupt_stack = timer_stack;
  gates[double_fault].interrupt_stack = double_stack;
}

void load_tables() {
  const TablePointer gdt{sizeof descriptors - 1, descriptors};
  const TablePointer idt{sizeof gates - 1, gates};
  asm volatile(
      "lgdt %0\n\t"
      "lidt %1\n\t"
      "pushq %2\n\t"
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "lretq\n"
      "1:\n\t"
      "movl %3, %%ss\n\t"
      "movl %4, %%ds\n\t"
      "movl %4, %%es\n\t"
      "movl %5, %%fs\n\t"
      "movl %5, %%gs\n\t"
      "ltr %w6\n\t"
      "lldt %w5"
      :
      : "m"(gdt), "m"(idt), "i"(kernel_code), "r"(u32{kernel_data}), "r"(u32{user_data}), "r"(0), "r"(u32{task_state})
      : "rax", "memory");
}

void set_system_call_registers() {
  write_msr(0xc0000081, u64{user_base} << 48 | u64{kernel_code} << 32);  // STAR
  write_msr(0xc0000082, reinterpret_cast<u64>(system_call_entry));       // LSTAR
  write_msr(0xc0000084, 0x47700);                                        // FMASK: TF, IF, DF, IOPL, NT, AC off
}

// Some hosts' KVM takes SYSCALL to LSTAR without leaving CPL 3 (RCX and R11 are as they should be), so that the
// supervisor page there faults. No program has another reason to fetch from that address.
bool is_stranded_system_call(const UserContext& context) {
  return context.rip == reinterpret_cast<u64>(system_call_entry) && context.fault_address == context.rip;
}

}  // namespace

void start() {
  fill_task_state();
  fill_gates();
  load_tables();
  set_system_call_registers();
  start_devices();
}

void adopt_table(u64) {}

u64 read_entry(u64 table, u64 index) { return reinterpret_cast<volatile u64*>(table)[index]; }

void write_entry(u64 table, u64 index, u64 entry) { reinterpret_cast<volatile u64*>(table)[index] = entry; }

void load_root(u64 root) { write_cr3(root); }

void flush_page(u64 linear) { invlpg(linear); }

Event run_user(UserContext& context) {
  const u64 vector = enter_user(&context);
  if (vector == system_call) return Event::system_call;
  if (vector == page_fault) {
    context.fault_address = read_cr2();
    if (!is_stranded_system_call(context)) return Event::page_fault;
    context.vector = system_call;
    context.rip = context.rcx;
    context.rflags = context.r11;
    return Event::system_call;
  }
  if (vector < first_interrupt) return Event::exception;
  acknowledge(vector);
  return vector == first_interrupt ? Event::timer : Event::disk;
}

void die(const UserContext& stop) {
  Line line;
  line.text("unexpected: vector ").hex8(stop.vector).text(" error ").hex32(stop.error);
  line.text(" rip ").hex64(stop.rip).text(" cr2 ").hex64(read_cr2()).print();
  exit(0x80 + static_cast<u32>(stop.vector & 0x7f));
}

Cpuid cpuid(u32 leaf, u32 subleaf) {
  Cpuid answer;
  asm volatile("cpuid"
               : "=a"(answer.eax), "=b"(answer.ebx), "=c"(answer.ecx), "=d"(answer.edx)
               : "a"(leaf), "c"(subleaf));
  return answer;
}

extern "C" void kernel_trap(const KernelTrap* trap) {
  if (trap->vector >= first_interrupt) {
    acknowledge(trap->vector);
    return;
  }
  UserContext stop{};
  stop.vector = trap->vector;
  stop.error = trap->error;
  stop.rip = trap->rip;
  die(stop);
}

}  // namespace arch
