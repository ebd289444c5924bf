// Everything a guest kernel may ask of the machine. Kernels above this line hold no privileged instruction, no port and
// no page-table store of their own: on the bare machine arch_bare.* answers, on the paravirtual one arch_para.*
// (hypercalls, event channels, a virtqueue), and the kernels stay as they are.
//
// Interrupts are off whenever kernel code runs, except inside the functions here that say otherwise.
#pragma once
#include "boot_info.h"
#include "types.h"

namespace arch {

// A user program's registers, and why it last stopped. user_context.inc knows the offsets.
struct UserContext {
  u64 rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
  u64 r8, r9, r10, r11, r12, r13, r14, r15;
  u64 rip, rflags;
  u64 vector, error;  // of the stop
  u64 fault_address;  // of a page fault
};

enum class Event : u64 { system_call, page_fault, timer, disk, exception };
enum class Interrupt : u64 { timer, disk, count };
enum class Wait : u64 { polling, interrupt };

void start();                                    // descriptor tables, interrupt controllers, serial port
[[noreturn]] void exit(u32 code);                // ends the run
[[noreturn]] void die(const UserContext& stop);  // an event nobody expected: one line, exit code 0x80 + vector
void mark(u32 marker);                           // MACHINE.md, "Ports"; marks.h makes them
void console_write(const char* text, u64 bytes);

// Page tables. `table` and `root` are guest-physical addresses of page-table frames.
void adopt_table(u64 frame);  // a zeroed frame is a page table from now on
u64 read_entry(u64 table, u64 index);
void write_entry(u64 table, u64 index, u64 entry);  // does not flush
void load_root(u64 root);                           // the address space, and with it every cached translation, changes
void flush_page(u64 linear);

// User programs: runs one until something happens that the kernel must see, with its registers left in `context`.
// Interrupts that arrive meanwhile are acknowledged and counted before this returns.
Event run_user(UserContext& context);

// Interrupts.
u64 taken(Interrupt interrupt);  // how many so far
void wait_for_interrupt();       // opens the gate and sleeps until one was taken
void interrupt_window();         // opens the gate for two instructions

// Counter 0 of the timer as a one-shot: one interrupt after `ticks` of 1,193,182 Hz.
void arm_timer(u16 ticks);
void hold_timer();     // keeps its interrupt back, even while interrupts are on;
void release_timer();  // one that fell due meanwhile comes after this
bool timer_expired();  // asks the timer itself, whether or not its interrupt was taken

// One 512-byte block. False where the disk reports an error.
bool read_block(u32 block, void* to, Wait how);
bool write_block(u32 block, const void* from);

// What the processor says of itself.
struct Cpuid {
  u32 eax, ebx, ecx, edx;
};
Cpuid cpuid(u32 leaf, u32 subleaf);

}  // namespace arch
