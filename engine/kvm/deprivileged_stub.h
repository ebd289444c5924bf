// The ring-0 stub under a deprivileged guest: what the processor needs at CPL 0 to bring every trap to the monitor.
//
// One PML4 entry of every root leads here, supervisor-only. A GDT (the guest's 256 descriptors, behind them the stub's
// own), a TSS with one stack for every vector (IST, so that even a fault at CPL 0 cannot choose the stack: a MOV SS
// before SYSCALL with a data breakpoint reaches the kernel on the guest's RSP), an IDT of DPL-0 gates, and per vector
// one instruction, OUT, at which KVM_RUN returns: which vector it was is where it stands. Nothing here loops or
// computes: user space reads the frame and writes all registers.
//
// Two routines carry out invalidations, since only the processor's own instructions are sure to reach all that KVM
// keeps. A KVM with shadow page tables of its own write-protects the tables that it has read and trusts that no entry
// changes without a store of the guest's; a monitor's stores from user space it does not see. So `rewrite` stores the
// entries again, through a window onto physical memory, before INVLPG.
#pragma once

#include <optional>
#include <span>

#include "base/result.h"
#include "memory/monitor_frames.h"

namespace trapline::kvm {

class Stub {
 public:
  static constexpr u8 port = 0xe9;
  static constexpr u16 code_selector = 256 * 8;
  static constexpr u16 task_selector = code_selector + 8;
  static constexpr unsigned most_descriptors = 256;

  explicit Stub(memory::MonitorFrames& frames) : frames_(frames) {}

  // Takes the frames at the first call; moves the range at later ones. `physical_bytes`: what the window shows.
  // Returns the PML4 entry.
  Result<u64> place(unsigned pml4_slot, u64 physical_bytes);
  bool placed() const { return base_ != 0; }
  void set_descriptors(std::span<const u64> descriptors);

  u64 gdt() const { return at(tables_page); }
  static constexpr u16 gdt_limit = task_selector + 16 - 1;
  u64 idt() const { return at(idt_page); }
  u64 task() const { return at(tables_page) + task_offset; }
  u64 system_call_entry() const { return at(routines_page); }
  // mov cr3, rax
  u64 load_root_routine() const { return at(routines_page) + 0x10; }
  // Four stores, [r8] = rax, [r9] = rbx, [r10] = rcx, [r11] = rdx; invlpg [rsi].
  u64 rewrite_routine() const { return at(routines_page) + 0x20; }
  u64 window(Hpa physical) const { return base_ + window_offset + physical.value; }

  bool hides(u64 linear) const { return placed() && linear >> 39 == base_ >> 39; }

  // What the OUT at which KVM_RUN returned says. RIP may stand at it or behind it.
  enum class Report : u8 { vector, system_call, routine, none };
  struct Reported {
    Report report = Report::none;
    u8 vector = 0;
  };
  Reported reported(u64 rip) const;

  struct Frame {  // SDM vol. 3, "64-Bit Mode Stack Frame"
    bool has_error_code = false;
    u64 error_code = 0, rip = 0, cs = 0, rflags = 0, rsp = 0, ss = 0;
  };
  // `rsp`: as the vector found it. Nothing where no frame can be there.
  std::optional<Frame> frame(u64 rsp) const;

 private:
  enum Page : u8 { tables_page, idt_page, vectors_page, routines_page, stack_page, page_count };
  static constexpr u64 task_offset = 0xb00;
  static constexpr u64 vector_bytes = 16;
  static constexpr u64 window_offset = 1ULL << 30;

  u64 at(Page page) const { return base_ + page * page_bytes; }
  Hpa frame_of(Page page) const { return Hpa(first_.value + page * page_bytes); }
  u64 stack_top() const { return at(stack_page) + page_bytes - 64; }
  bool take_frames(u64 physical_bytes);
  void write_tables(u64 physical_bytes);
  void write_code();
  void write_gates();

  memory::MonitorFrames& frames_;
  Hpa first_{0};   // the pages, in one piece
  Hpa tables_{0};  // PDPT, PD, PT, then the window's page directories
  u64 base_ = 0;   // linear; 0 before place()
};

}  // namespace trapline::kvm
