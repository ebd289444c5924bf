// The paravirtual ABI's layouts in memory, shared word for word by the monitor and its guests (which compile without a
// library, hence nothing but <cstdint> here). hypercalls.def has the calls.
//
// A paravirtual kernel runs at CPL 3 beside its programs. What tells them apart is the PML4: an entry with U/S = 0
// begins the kernel part of the address space, one with U/S = 1 the user part. In the kernel part every page is the
// kernel's, whatever U/S its lower entries say; programs find nothing there. In the user part entries mean what they
// say, to the kernel as well: a page with U/S = 0 is out of everybody's reach. An entry's accessed flag in the PML4
// tells of the kernel's accesses alone.
#pragma once

#include <cstdint>

namespace trapline::para_abi {

inline constexpr std::uint64_t version = 1;

// An image says that it is built for this ABI by an ELF note of this name and type; the note's content is `version`.
inline constexpr char note_name[] = "Trapline";
inline constexpr std::uint32_t note_type = 1;

// ---- the monitor's range -------------------------------------------------------------------------------------------
// PML4 entries 508 and 509 of every root are the monitor's. Through 508 the kernel, and only it, finds three things.
inline constexpr unsigned window_slot = 508, hidden_slot = 509;
inline constexpr std::uint64_t window = 0xfffffe0000000000;          // linear
inline constexpr std::uint64_t shared_page = window;                 // SharedPage, writable
inline constexpr std::uint64_t clock_page = window + 0x1000;         // ClockPage, read-only
inline constexpr std::uint64_t frame_numbers = window + 0x40000000;  // read-only: guest page number by host frame, u32
inline constexpr std::uint32_t not_the_guests = 0xffffffff;          // among frame_numbers

// Events are bits: raised by the monitor in `pending`, taken away by the kernel. A channel whose bit in `masked` is
// set, or any while `events_off` is not 0, stays pending. Whoever opens the gate looks at `pending` himself, or makes
// any hypercall, upon whose return open events are delivered.
struct SharedPage {
  std::uint64_t abi_version;
  std::uint64_t events_off;     // the guest's, and set by every upcall; 1 at the start
  std::uint64_t pending;        // a bit for each channel
  std::uint64_t masked;         // the guest's
  std::uint64_t fault_address;  // the linear address of the last page fault
};
enum class Channel : std::uint64_t { timer, disk, count };
inline constexpr std::uint64_t channels = 64;  // those from Channel::count on are the guest's own

struct ClockPage {
  std::uint64_t nanoseconds;  // guest time when the guest was last entered
};

// ---- page-table entries --------------------------------------------------------------------------------------------
// An entry of a frame in use as page table is in host form: it holds a host-physical address, and these bits of the
// monitor's. In entries that a guest asks for they are 0.
inline constexpr std::uint64_t entry_asked_user = std::uint64_t{1} << 52;  // U/S as the guest asked for it
inline constexpr std::uint64_t entry_host_form = std::uint64_t{1} << 53;
inline constexpr std::uint64_t entry_split = std::uint64_t{1} << 54;  // a 2-MiB page, whose frames lie apart: this
                                                                      // entry leads to a table of the monitor's
inline constexpr std::uint64_t entry_monitor_bits = entry_asked_user | entry_host_form | entry_split;

struct TableUpdate {
  std::uint64_t entry;  // guest-physical address
  std::uint64_t value;  // with guest-physical addresses
};
inline constexpr std::uint64_t most_list_entries = 4096;
inline constexpr std::uint64_t most_calls_in_batch = 64;  // so that no hypercall is long work
inline constexpr std::uint64_t most_console_bytes = 65536;
inline constexpr std::uint64_t flush_page = 0, flush_all = 1;

// ---- control transfer ----------------------------------------------------------------------------------------------
// The lower two bits of a code selector are the privilege level: 0 the kernel, 3 a program.
inline constexpr std::uint64_t kernel_code = 0x08, kernel_data = 0x10, user_data = 0x23, user_code = 0x2b;

struct TrapHandler {
  std::uint64_t vector;
  std::uint64_t handler;
};

// What an upcall leaves at RSP: on the kernel stack named by stack_switch when a program was interrupted, below the
// interrupted RSP when the kernel was; either way the frame ends at a multiple of 16, so RSP is 8 beside one. General
// registers are those of the interrupted code; TF, DF and AC are clear. IF in the frame's RFLAGS is the gate of events
// as it was, so that iret restores it.
struct UpcallFrame {
  std::uint64_t vector;  // or one of the two below
  std::uint64_t error_code;
  std::uint64_t rip, code_selector, rflags, rsp, stack_selector;
};
inline constexpr std::uint64_t event_upcall = 0x80;         // vector of an event upcall
inline constexpr std::uint64_t system_call_upcall = 0x100;  // RCX and R11 as SYSCALL leaves them

// What hypercall iret takes from RSP. RFLAGS.IF says whether events are open from then on.
struct IretFrame {
  std::uint64_t rax, rcx, r11;
  std::uint64_t rip, code_selector, rflags, rsp, stack_selector;
};

// ---- batches, and the disk -----------------------------------------------------------------------------------------
struct Multicall {
  std::uint64_t number;
  std::uint64_t arguments[4];
  std::uint64_t result;
};

struct QueueDescription {
  std::uint64_t queue;                     // 0
  std::uint64_t size;                      // descriptors, a power of 2
  std::uint64_t descriptors, avail, used;  // guest-physical
};

}  // namespace trapline::para_abi
