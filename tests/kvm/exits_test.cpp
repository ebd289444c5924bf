// Guests of a few instructions, each for one way in which KVM_RUN comes back.
#include <atomic>
#include <cstring>
#include <random>
#include <signal.h>
#include <sys/time.h>
#include <thread>

#include "kvm/lab.h"

using namespace trapline;
using namespace trapline::kvm_test;
using trace::UserExitReason;

namespace {

const Code hlt{0xf4};
const Code cli{0xfa};
const Code sti{0xfb};
const Code spin{0xeb, 0xfe};
Code mov_eax(u32 value) { return Code{0xb8} + little(value, 4); }
Code mov_ecx(u32 value) { return Code{0xb9} + little(value, 4); }
Code mov_edx(u32 value) { return Code{0xba} + little(value, 4); }
Code mov_ebx(u32 value) { return Code{0xbb} + little(value, 4); }
Code mov_esi(u32 value) { return Code{0xbe} + little(value, 4); }
Code mov_edi(u32 value) { return Code{0xbf} + little(value, 4); }

u64 value_of(const metal::IoAccess& io, unsigned unit = 0) {
  u64 value = 0;
  std::memcpy(&value, io.data + unit * io.size, io.size);
  return value;
}

void answer(const metal::IoAccess& io, u64 value) { std::memcpy(io.data, &value, io.size); }

// A 64-bit interrupt gate of the boot code segment.
void write_gate(memory::GuestMemory& memory, u8 vector, u64 handler) {
  write_bytes(memory, idt_base + vector * 16ULL,
              little((handler & 0xffff) | 0x08ULL << 16 | 0x8eULL << 40 | (handler >> 16 & 0xffff) << 48, 8) +
                  little(handler >> 32, 8));
}

void set_idt(Lab& lab, u16 limit = 0xfff) {
  auto state = lab.vcpu().state();
  state.idtr = {idt_base, limit};
  REQUIRE(lab.vcpu().set_state(state).ok());
}

}  // namespace

KVM_TEST("a long-mode guest boots and halts") {
  Lab lab(mov_eax(0x1234) + hlt);
  const auto exit = lab.run();
  CHECK(exit.reason == UserExitReason::halt);
  const auto state = lab.vcpu().state();
  CHECK(state.gpr[arch::rax] == 0x1234);
  CHECK(state.rip == code_base + 6);
  CHECK(state.activity == arch::Activity::halted);
  CHECK(state.efer == boot_state().efer);
}

KVM_TEST("a halted processor stays halted until an interrupt is injected") {
  Lab lab(mov_eax(1) + hlt + mov_eax(2) + hlt);
  CHECK(lab.run().reason == UserExitReason::halt);
  CHECK(lab.run().reason == UserExitReason::halt);
  CHECK(lab.gpr(arch::rax) == 1);
}

KVM_TEST("OUT hands over port, size and value, IN takes the answer") {
  for (const unsigned size : {1U, 2U, 4U}) {
    CAPTURE(size);
    const Code out = size == 1 ? Code{0xee} : size == 2 ? Code{0x66, 0xef} : Code{0xef};
    const Code in = size == 1 ? Code{0xec} : size == 2 ? Code{0x66, 0xed} : Code{0xed};
    Lab lab(mov_edx(0x3f8) + mov_eax(0x81828384) + out + mov_edx(0x1f0) + in + hlt);
    const auto written = lab.run();
    REQUIRE(written.reason == UserExitReason::port_io);
    CHECK(written.io.write);
    CHECK(written.io.address == 0x3f8);
    CHECK(written.io.size == size);
    CHECK(written.io.count == 1);
    CHECK(value_of(written.io) == (0x81828384 & low_bytes_mask(size)));
    const auto read = lab.run();
    REQUIRE(read.reason == UserExitReason::port_io);
    CHECK_FALSE(read.io.write);
    CHECK(read.io.address == 0x1f0);
    CHECK(read.io.size == size);
    answer(read.io, 0xa1a2a3a4);
    CHECK(lab.run().reason == UserExitReason::halt);
    const u64 kept = size == 4 ? 0 : 0x81828384 & ~low_bytes_mask(size);
    CHECK(lab.gpr(arch::rax) == (kept | (0xa1a2a3a4 & low_bytes_mask(size))));
  }
}

KVM_TEST("REP OUTS and REP INS move every unit, in one exit or several") {
  const u64 buffer = 0x200000, other = 0x201000;
  const unsigned units = 100;
  Lab lab(mov_edx(0x1f0) + mov_esi(buffer) + mov_ecx(units) + Code{0xf3, 0x66, 0x6f} + mov_edi(other) + mov_ecx(units) +
          Code{0xf3, 0x66, 0x6d} + hlt);
  for (u16 index = 0; index < units; ++index) REQUIRE(lab.memory().store<u16>(Gpa(buffer + index * 2), 0x4000 + index));
  unsigned written = 0, read = 0, most_at_once = 0;
  auto exit = lab.run();
  for (; exit.reason == UserExitReason::port_io; exit = lab.run()) {
    REQUIRE(exit.io.size == 2);
    most_at_once = std::max(most_at_once, exit.io.count);
    for (unsigned unit = 0; unit < exit.io.count; ++unit) {
      if (exit.io.write) {
        CHECK(value_of(exit.io, unit) == 0x4000 + written++);
      } else {
        const u16 value = static_cast<u16>(0x8000 + read++);
        std::memcpy(exit.io.data + unit * 2, &value, 2);
      }
    }
  }
  CHECK(exit.reason == UserExitReason::halt);
  CHECK(written == units);
  CHECK(read == units);
  CHECK(most_at_once > 1);
  for (unsigned index = 0; index < units; ++index)
    CHECK(lab.memory().load<u16>(Gpa(other + index * 2)) == static_cast<u16>(0x8000 + index));
}

KVM_TEST("an address without memory comes as MMIO, both ways") {
  const u64 hole = 0x2000000;  // 32 MiB: behind the 16 MiB of RAM, inside the boot map
  // mov ebx, hole; mov [rbx+8], eax; mov rax, [rbx+16]; hlt
  Lab lab(mov_eax(0xcafe0001) + mov_ebx(hole) + Code{0x89, 0x43, 0x08, 0x48, 0x8b, 0x43, 0x10} + hlt);
  const auto written = lab.run();
  REQUIRE(written.reason == UserExitReason::mmio);
  CHECK(written.io.write);
  CHECK(written.io.address == hole + 8);
  CHECK(written.io.size == 4);
  CHECK(value_of(written.io) == 0xcafe0001);
  const auto read = lab.run();
  REQUIRE(read.reason == UserExitReason::mmio);
  CHECK_FALSE(read.io.write);
  CHECK(read.io.address == hole + 16);
  CHECK(read.io.size == 8);
  answer(read.io, 0x1122334455667788);
  CHECK(lab.run().reason == UserExitReason::halt);
  CHECK(lab.gpr(arch::rax) == 0x1122334455667788);
}

KVM_TEST("setting registers after an access completes the access first") {
  Lab lab(mov_edx(0x60) + Code{0xec} + hlt);  // in al, dx
  const auto read = lab.run();
  REQUIRE(read.reason == UserExitReason::port_io);
  answer(read.io, 0x5a);
  auto state = lab.vcpu().state();
  state.gpr[arch::rbx] = 7;
  state.rip = code_base + 6;
  REQUIRE(lab.vcpu().set_state(state).ok());
  CHECK(lab.run().reason == UserExitReason::halt);
  CHECK(lab.gpr(arch::rbx) == 7);
  CHECK(lab.vcpu().state().rip == code_base + 7);
}

KVM_TEST("an interrupt waits for its window and is delivered through the guest's IDT") {
  // nop; sti; nop; spin. The handler: mov eax, 0x77; hlt
  const u64 handler = 0x101000;
  Lab lab(Code{0x90} + sti + Code{0x90} + spin);
  write_bytes(lab.memory(), handler, mov_eax(0x77) + hlt);
  write_gate(lab.memory(), 0x20, handler);
  set_idt(lab);
  CHECK_FALSE(lab.vcpu().can_inject());
  lab.vcpu().request_interrupt_window(true);
  REQUIRE(lab.run().reason == UserExitReason::interrupt_window);
  CHECK(lab.vcpu().can_inject());
  lab.vcpu().request_interrupt_window(false);
  lab.vcpu().inject(0x20);
  CHECK_FALSE(lab.vcpu().can_inject());
  CHECK(lab.run().reason == UserExitReason::halt);
  const auto state = lab.vcpu().state();
  CHECK(state.gpr[arch::rax] == 0x77);
  CHECK(state.rip == handler + 6);
  CHECK_FALSE(has_bit(state.rflags, 9));
  CHECK_FALSE(lab.vcpu().can_inject());  // the gate has cleared IF
}

KVM_TEST("an interrupt ends HLT, and the guest goes on behind it") {
  const u64 handler = 0x101000;
  Lab lab(sti + hlt + Code{0x89, 0xc3} + hlt);  // sti; hlt; mov ebx, eax; hlt
  write_bytes(lab.memory(), handler, mov_eax(0x99) + Code{0x48, 0xcf});
  write_gate(lab.memory(), 0x21, handler);
  set_idt(lab);
  REQUIRE(lab.run().reason == UserExitReason::halt);
  if (!lab.vcpu().can_inject()) {
    lab.vcpu().request_interrupt_window(true);
    CHECK(lab.vcpu().state().activity == arch::Activity::halted);
  }
  REQUIRE(lab.vcpu().can_inject());
  lab.vcpu().inject(0x21);
  REQUIRE(lab.run().reason == UserExitReason::halt);
  CHECK(lab.gpr(arch::rbx) == 0x99);
}

KVM_TEST("no interrupt is lost or doubled, wherever a time limit or a window strikes") {
  // sti; hlt; out dx, al; in al, dx; jmp back to hlt. The handler: inc rbx; iretq
  const u64 handler = 0x101000;
  Lab lab(mov_edx(0x80) + sti + Code{0xf4, 0xee, 0xec, 0xeb, 0xfb});
  write_bytes(lab.memory(), handler, Code{0x48, 0xff, 0xc3, 0x48, 0xcf});
  write_gate(lab.memory(), 0x20, handler);
  set_idt(lab);
  std::mt19937_64 random(11);
  u64 injected = 0, idle_rounds = 0;
  for (unsigned round = 0; round < 2000; ++round) {
    if (lab.vcpu().can_inject()) {
      lab.vcpu().inject(0x20);
      ++injected;
      idle_rounds = 0;
    }
    REQUIRE(++idle_rounds < 1000);
    lab.vcpu().request_interrupt_window(random() % 2 == 0);
    const u64 limit = 1ULL << (random() % 22);  // up to 2 ms: some hosts do not even enter the guest in 60 us
    const auto exit = lab.run({.nanoseconds = lab.vcpu().now() + limit});
    REQUIRE(exit.reason != UserExitReason::failed);
    if (exit.reason == UserExitReason::port_io && !exit.io.write) answer(exit.io, 0);
  }
  lab.vcpu().request_interrupt_window(false);
  for (unsigned rest = 0; rest < 10; ++rest)
    if (const auto exit = lab.run(); exit.reason == UserExitReason::port_io && !exit.io.write) answer(exit.io, 0);
  CHECK(injected > 100);
  CHECK(lab.gpr(arch::rbx) == injected);
}

KVM_TEST("no interrupt slips between STI and HLT") {
  // SDM vol. 2, "STI": the instruction after it is inside the interrupt shadow, or `sti; hlt` could sleep forever.
  // back: cli; out dx, al; sti; hlt; jmp back. The handler: cmp dword [rsp], the HLT; jne +3; inc rbx; iretq
  const u64 handler = 0x101000;
  Lab lab(mov_edx(0x80) + Code{0xfa, 0xee, 0xfb, 0xf4, 0xeb, 0xfa});
  write_bytes(lab.memory(), handler,
              Code{0x81, 0x3c, 0x24} + little(code_base + 8, 4) + Code{0x75, 0x03, 0x48, 0xff, 0xc3, 0x48, 0xcf});
  write_gate(lab.memory(), 0x20, handler);
  set_idt(lab);
  std::mt19937_64 random(12);
  unsigned injected = 0;
  for (unsigned round = 0; round < 2000; ++round) {
    if (lab.vcpu().can_inject()) {
      lab.vcpu().inject(0x20);
      ++injected;
    }
    lab.vcpu().request_interrupt_window(true);
    lab.run({.nanoseconds = lab.vcpu().now() + (1ULL << (random() % 20))});
  }
  CHECK(injected > 100);
  CHECK(lab.gpr(arch::rbx) == 0);
}

KVM_TEST("a triple fault is shutdown") {
  Lab lab(Code{0x48, 0x31, 0xc0, 0x48, 0xf7, 0xf0} + hlt);  // xor rax, rax; div rax, with an empty IDT
  CHECK(lab.run().reason == UserExitReason::shutdown);
}

KVM_TEST("a guest that spins with interrupts off is ended by the time limit") {
  Lab lab(cli + spin);
  const u64 limit = lab.vcpu().now() + 20 * millisecond;
  const auto exit = lab.run({.nanoseconds = limit});
  CHECK(exit.reason == UserExitReason::stop_reached);
  CHECK(lab.vcpu().now() >= limit);
  CHECK(lab.vcpu().state().rip == code_base + 1);
  // The same limit again: nothing runs, and it says so again.
  CHECK(lab.run({.nanoseconds = limit}).reason == UserExitReason::stop_reached);
}

KVM_TEST("a guest that spins without a limit is ended by the watchdog") {
  Lab lab(cli + spin, trace::Level::exits, {.watchdog_nanoseconds = 20 * millisecond});
  const auto exit = lab.run({});
  CHECK(exit.reason == UserExitReason::failed);
  CHECK(exit.detail.find("0x100001") != std::string::npos);
}

KVM_TEST("VMCALL ends, one way or the other, and never hangs") {
  for (const u8 last : {0xc1, 0xd9}) {
    Lab lab(Code{0x0f, 0x01, last} + hlt, trace::Level::exits, {.watchdog_nanoseconds = 20 * millisecond});
    const auto exit = lab.run({});
    if (exit.reason == UserExitReason::not_implemented) {
      CHECK(exit.detail.find("0f 01") != std::string::npos);
      REQUIRE(lab.events<trace::NotImplemented>().size() == 1);
      CHECK(lab.events<trace::NotImplemented>()[0].rip == code_base);
    } else {
      CHECK(exit.reason == UserExitReason::halt);
    }
  }
}

NAMED_KVM_TEST("an instruction that this KVM cannot run is named with its bytes") {
  Lab lab(Code{0xd9, 0xe8} + hlt);  // fld1
  const auto exit = lab.run();
  const bool software = lab.machine->description().find("kvm_pvm") != std::string::npos;
  CHECK((exit.reason == UserExitReason::not_implemented) == software);
  if (!software) {
    CHECK(exit.reason == UserExitReason::halt);
    return;
  }
  CHECK(exit.detail.find("d9 e8") != std::string::npos);
  CHECK(exit.detail.find("0x100000") != std::string::npos);
  const auto events = lab.events<trace::NotImplemented>();
  REQUIRE(events.size() == 1);
  CHECK(events[0].rip == code_base);
  CHECK(events[0].length == 2);
  CHECK((events[0].bytes_low & 0xffff) == 0xe8d9);
}

KVM_TEST("a kick from another thread ends the run, and one between runs ends the next") {
  Lab lab(cli + spin);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    lab.vcpu().kick();
  });
  CHECK(lab.run().reason == UserExitReason::interrupted);
  other.join();
  lab.vcpu().kick();
  CHECK(lab.run().reason == UserExitReason::interrupted);
  CHECK(lab.run({.nanoseconds = lab.vcpu().now() + 5 * millisecond}).reason == UserExitReason::stop_reached);
}

KVM_TEST("kicks at random moments are never lost") {
  Lab lab(cli + spin);
  for (unsigned round = 0; round < 200; ++round) {
    std::thread other([&] {
      for (std::atomic<unsigned> wait = 0; wait < round * 100; ++wait) {
      }
      lab.vcpu().kick();
    });
    REQUIRE(lab.run().reason == UserExitReason::interrupted);
    other.join();
  }
}

KVM_TEST("a signal that is nobody's wish to stop does not end a run") {
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) {};
  REQUIRE(::sigaction(SIGALRM, &action, &before) == 0);
  const itimerval every_millisecond{{0, 1000}, {0, 1000}};
  REQUIRE(::setitimer(ITIMER_REAL, &every_millisecond, nullptr) == 0);
  Lab lab(cli + spin);
  const u64 limit = lab.vcpu().now() + 30 * millisecond;
  CHECK(lab.run({.nanoseconds = limit}).reason == UserExitReason::stop_reached);
  CHECK(lab.vcpu().now() >= limit);
  CHECK(lab.vcpu().spent() == 1);
  const itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

KVM_TEST("idling lasts until its moment, or until a kick") {
  Lab lab(hlt);
  const u64 moment = lab.vcpu().now() + 5 * millisecond;
  lab.vcpu().idle_until(moment);
  CHECK(lab.vcpu().now() >= moment);
  std::thread other([&] { lab.vcpu().kick(); });
  lab.vcpu().idle_until(~0ULL);
  other.join();
  CHECK(lab.run().reason == UserExitReason::interrupted);
  const u64 later = lab.vcpu().now() + 5 * millisecond;
  lab.vcpu().idle_until(later);  // a kick that has been answered does not end the next sleep
  CHECK(lab.vcpu().now() >= later);
}

KVM_TEST("a run may move to another thread") {
  Lab lab(cli + spin);
  const auto bounded = [&] {
    CHECK(lab.run({.nanoseconds = lab.vcpu().now() + 5 * millisecond}).reason == UserExitReason::stop_reached);
  };
  bounded();
  std::thread(bounded).join();
  bounded();
}

KVM_TEST("the budget counts exits") {
  Lab lab(mov_edx(0x80) + Code{0xee, 0xeb, 0xfd});  // out dx, al; jmp back
  for (unsigned exits = 0; exits < 5; ++exits)
    CHECK(lab.run({.nanoseconds = patience, .budget = 5}).reason == UserExitReason::port_io);
  CHECK(lab.vcpu().spent() == 5);
  CHECK(lab.run({.nanoseconds = patience, .budget = 5}).reason == UserExitReason::stop_reached);
}

KVM_TEST("every return is a user_exit, and what was not seen is a gap") {
  Lab lab(mov_edx(0xe0) + Code{0xef} + hlt);
  CHECK(lab.run().reason == UserExitReason::port_io);
  CHECK(lab.run().reason == UserExitReason::halt);
  const auto exits = lab.events<trace::UserExit>();
  REQUIRE(exits.size() == 2);
  CHECK(exits[0].reason == static_cast<u8>(UserExitReason::port_io));
  CHECK(exits[0].number == 0xe0);
  CHECK(exits[0].nanoseconds > 0);
  CHECK(exits[1].reason == static_cast<u8>(UserExitReason::halt));
  CHECK(exits[1].rip == code_base + 7);
  CHECK(lab.events<trace::Gap>().size() == 4);
  auto cursor = lab.trace.events();
  u64 last_tick = 0;
  while (const auto* event = cursor.next()) {
    CHECK(event->tick() >= last_tick);
    last_tick = event->tick();
    CHECK(event->stamp().retired == trace::unknown_number);
  }
}
