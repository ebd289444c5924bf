// The bare machine's devices: two 8259A, the 8254, the 16550A, the ATA disk, the marker and exit ports.
#include "arch_bare.h"

namespace arch {
namespace {

using namespace bare;

constexpr u16 master = 0x20, slave = 0xa0;  // 8259A; the mask register is one port further
constexpr u16 counter0 = 0x40, timer_control = 0x43;
constexpr u16 serial = 0x3f8;
constexpr u16 ata = 0x1f0, ata_control = 0x3f6;
constexpr u16 marker_port = 0xe0, exit_port = 0xf4;
constexpr u8 end_of_interrupt = 0x20;
constexpr u8 unmasked = 0xfa, timer_masked = 0xfb;
constexpr u8 ata_busy = 0x80, ata_request = 0x08, ata_error = 0x01;
constexpr u64 block_words = 256;
constexpr u64 fifo_bytes = 16;

volatile u64 counts[static_cast<u64>(Interrupt::count)];

// Edge-triggered, cascade at line 2, vectors from first_interrupt; only the timer, the cascade and the disk unmasked.
void start_interrupt_controllers() {
  static const u8 steps[][2] = {
      {master, 0x11}, {master + 1, first_interrupt},    {master + 1, 4}, {master + 1, 1}, {master + 1, unmasked},
      {slave, 0x11},  {slave + 1, first_interrupt + 8}, {slave + 1, 2},  {slave + 1, 1},  {slave + 1, 0xbf},
  };
  for (const auto& step : steps) out8(step[0], step[1]);
}

// 115,200 baud, 8N1, FIFOs on; no interrupts.
void start_serial() {
  static const u8 steps[][2] = {{1, 0}, {3, 0x80}, {0, 1}, {1, 0}, {3, 3}, {2, 7}, {4, 3}};
  for (const auto& step : steps) out8(static_cast<u16>(serial + step[0]), step[1]);
}

// The transmitter is empty: its FIFO takes sixteen bytes at once.
void await_serial() {
  while ((in8(serial + 5) & 0x20) == 0) {
  }
}

void select_block(u32 block, u8 command) {
  out8(ata + 6, static_cast<u8>(0xe0 | (block >> 24 & 0xf)));
  out8(ata + 2, 1);
  out8(ata + 3, static_cast<u8>(block));
  out8(ata + 4, static_cast<u8>(block >> 8));
  out8(ata + 5, static_cast<u8>(block >> 16));
  out8(ata + 7, command);
}

// The status register, read once the disk is no longer busy; reading it also withdraws the interrupt request.
u8 settled_status() {
  u8 status;
  do status = in8(ata + 7);
  while (status & ata_busy);
  return status;
}

bool wants_data(u8 status) { return (status & (ata_request | ata_error)) == ata_request; }

}  // namespace

void bare::start_devices() {
  start_interrupt_controllers();
  start_serial();
}

void bare::acknowledge(u64 vector) {
  const u64 line = vector - first_interrupt;
  if (line >= 8) out8(slave, end_of_interrupt);
  out8(master, end_of_interrupt);
  Interrupt which = line == 0 ? Interrupt::timer : Interrupt::disk;
  counts[static_cast<u64>(which)] = counts[static_cast<u64>(which)] + 1;
}

void exit(u32 code) {
  for (;;) out32(exit_port, code);
}

void mark(u32 marker) { out32(marker_port, marker); }

void console_write(const char* text, u64 bytes) {
  for (; bytes > fifo_bytes; bytes -= fifo_bytes) {
    await_serial();
    text = out_bytes(serial, text, fifo_bytes);
  }
  await_serial();
  out_bytes(serial, text, bytes);
}

u64 taken(Interrupt interrupt) { return counts[static_cast<u64>(interrupt)]; }

// STI opens the gate only after the instruction that follows it, so nothing can be lost before HLT.
void wait_for_interrupt() { asm volatile("sti\n\thlt\n\tcli" : : : "memory"); }

// Reads from a port where nothing is: some hosts look for interrupts of an emulated kernel only after a port access.
void interrupt_window() { asm volatile("sti\n\tin $0x80, %%al\n\tin $0x80, %%al\n\tcli" : : : "rax", "memory"); }

void arm_timer(u16 ticks) {
  out8(timer_control, 0x30);  // counter 0, low then high byte, mode 0
  out8(counter0, static_cast<u8>(ticks));
  out8(counter0, static_cast<u8>(ticks >> 8));
}

// A masked request stays in the controller's request register (8259A data sheet, "Interrupt Mask Register").
void hold_timer() { out8(master + 1, timer_masked); }

void release_timer() { out8(master + 1, unmasked); }

bool timer_expired() {
  out8(timer_control, 0xe2);  // read-back: latch the status of counter 0
  return (in8(counter0) & 0x80) != 0;
}

bool read_block(u32 block, void* to, Wait how) {
  const u64 before = taken(Interrupt::disk);
  out8(ata_control, how == Wait::interrupt ? 0 : 2);  // nIEN
  select_block(block, 0x20);
  if (how == Wait::interrupt) {
    while (taken(Interrupt::disk) == before) wait_for_interrupt();
  }
  if (!wants_data(settled_status())) return false;
  in_words(ata, to, block_words);
  return true;
}

bool write_block(u32 block, const void* from) {
  out8(ata_control, 2);
  select_block(block, 0x30);
  if (!wants_data(settled_status())) return false;
  out_words(ata, from, block_words);
  return (settled_status() & ata_error) == 0;
}

}  // namespace arch
