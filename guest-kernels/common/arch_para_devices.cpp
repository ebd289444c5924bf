// The paravirtual machine's devices: events and the clock page for time, one virtqueue for the disk, hypercalls for the
// console, for markers and for the end.
#include "arch_para.h"

namespace arch {
namespace {

using namespace para;
using abi::Channel;

static_assert(static_cast<u64>(Interrupt::timer) == static_cast<u64>(Channel::timer) &&
              static_cast<u64>(Interrupt::disk) == static_cast<u64>(Channel::disk));

constexpr u64 ticks_per_second = 1'193'182, nanoseconds_per_second = 1'000'000'000;
constexpr u64 block_bytes = 512;

volatile u64 counts[static_cast<u64>(Interrupt::count)];
u64 deadline;

// The split virtqueue: virtio 1.2, "Split Virtqueues". One request is under way at a time, as a chain of three.
constexpr u16 queue_size = 8;
constexpr u16 next = 1, device_writes = 2;  // of a descriptor
constexpr u16 no_interrupt = 1;             // of the avail ring

struct Descriptor {
  u64 address;
  u32 bytes;
  u16 flags, next;
};

struct Avail {
  u16 flags, index, ring[queue_size], used_event;
};

struct Used {
  u16 flags, index;
  struct {
    u32 head, bytes;
  } ring[queue_size];
  u16 avail_event;
};

alignas(16) Descriptor descriptors[queue_size];
volatile Avail avail;
alignas(4) volatile Used used;

// A request: virtio 1.2, "Block Device: Device Operation". Buffers lie in kernel data, where linear is guest-physical.
constexpr u32 read_request = 0, write_request = 1;
constexpr u8 status_ok = 0;
struct {
  u32 type, reserved;
  u64 sector;
} header;
u8 bounce[block_bytes];
volatile u8 status;

void copy_block(void* to, const void* from) {
  u64 words = block_bytes / sizeof(u64);
  asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

void memory_barrier() { asm volatile("mfence" : : : "memory"); }

void set_up_queue() {
  const abi::QueueDescription queue{0, queue_size, address_of(descriptors), address_of(&avail), address_of(&used)};
  must(Hypercall::virtio_setup, address_of(&queue));
}

void describe(u32 type, u32 block) {
  header = {type, 0, block};
  const u16 data_flags = type == read_request ? next | device_writes : next;
  descriptors[0] = {address_of(&header), sizeof header, next, 1};
  descriptors[1] = {address_of(bounce), block_bytes, data_flags, 2};
  descriptors[2] = {address_of(&status), sizeof status, device_writes, 0};
  status = 0xff;
}

// Head 0 is the only one there ever is, so the ring needs no filling. The device may look at the index from the moment
// it changes, and without the second barrier this kernel at its own flags before that (virtio 1.2, "Supplying Buffers
// to The Device").
void submit(Wait how) {
  avail.flags = how == Wait::interrupt ? 0 : no_interrupt;
  memory_barrier();
  avail.index = static_cast<u16>(avail.index + 1);
  memory_barrier();
  must(Hypercall::virtio_notify, 0);
}

bool transfer(u32 type, u32 block, Wait how) {
  static bool started;
  if (!started) set_up_queue();
  started = true;
  describe(type, block);
  const u64 before = taken(Interrupt::disk);
  submit(how);
  if (how == Wait::interrupt) {
    while (taken(Interrupt::disk) == before) wait_for_interrupt();
  }
  while (used.index != avail.index) must(Hypercall::yield);
  memory_barrier();
  return status == status_ok;
}

}  // namespace

// The monitor may raise an event at any moment, hence LOCK.
bool para::take(Channel channel) {
  const u64 number = static_cast<u64>(channel);
  if ((shared().masked & bit_of(channel)) != 0) return false;
  bool was_pending;
  asm volatile("lock btrq %2, %0" : "+m"(shared().pending), "=@ccc"(was_pending) : "r"(number) : "memory");
  if (was_pending) counts[number] = counts[number] + 1;
  return was_pending;
}

void exit(u32 code) {
  for (;;) hypercall(Hypercall::exit, code);
}

void mark(u32 marker) { must(Hypercall::marker, marker); }

void console_write(const char* text, u64 bytes) { must(Hypercall::console_write, address_of(text), bytes); }

u64 taken(Interrupt interrupt) { return counts[static_cast<u64>(interrupt)]; }

// The monitor opens the gate and looks at what is pending in one step, so nothing can be lost before the sleep.
void wait_for_interrupt() {
  must(Hypercall::block);
  shared().events_off = 1;
}

void interrupt_window() {
  shared().events_off = 0;
  must(Hypercall::yield);
  shared().events_off = 1;
}

u64 now() { return reinterpret_cast<const volatile abi::ClockPage*>(abi::clock_page)->nanoseconds; }

// In the 8254's ticks, of which 0 stands for 65,536 there; rounded up, so that no tick comes early.
void arm_timer(u16 ticks) {
  const u64 count = ticks != 0 ? ticks : 0x10000;
  deadline = now() + (count * nanoseconds_per_second + ticks_per_second - 1) / ticks_per_second;
  must(Hypercall::set_timer, deadline);
}

void hold_timer() { shared().masked = shared().masked | bit_of(Channel::timer); }

void release_timer() { shared().masked = shared().masked & ~bit_of(Channel::timer); }

bool timer_expired() { return now() >= deadline; }

bool read_block(u32 block, void* to, Wait how) {
  if (!transfer(read_request, block, how)) return false;
  copy_block(to, bounce);
  return true;
}

bool write_block(u32 block, const void* from) {
  copy_block(bounce, from);
  return transfer(write_request, block, Wait::polling);
}

}  // namespace arch
