// String instructions, system calls, faults, the disk and the timer, seen from a user program.
#include "../../common/user/library.h"
#include "../../common/user/probes.h"
#include "../tour.h"
#include "programs.h"

namespace tour::user {
namespace {

using library::Call;
using library::Fact;

constexpr u64 page = user_space::data;

volatile u64& word_at(u64 linear) { return *reinterpret_cast<volatile u64*>(linear); }

}  // namespace

// Forwards, backwards, and the two that stop early with their count and flags.
void use_strings() {
  library::fill(page, 0x6c6b6a6968676665, 16);
  library::copy(reinterpret_cast<void*>(page + 3), reinterpret_cast<const void*>(page),
                61);  // overlaps: each byte once
  u64 from = page + 0x48, to = page + 0x4d, bytes = 29;
  asm volatile("std\n\trep movsb\n\tcld" : "+S"(from), "+D"(to), "+c"(bytes) : : "memory");
  u64 scan = page, left = 100, found;
  asm volatile("repne scasb\n\tpushfq\n\tpop %2" : "+D"(scan), "+c"(left), "=r"(found) : "a"(0x6c) : "cc", "memory");
  u64 one = page, other = page + 8, same = 16, order;
  asm volatile("repe cmpsq\n\tpushfq\n\tpop %3" : "+S"(one), "+D"(other), "+c"(same), "=r"(order) : : "cc", "memory");
  Fact("strings")
      .hex(library::checksum(page, 16))
      .hex(left << 32 | (found & 0x8d5))
      .hex(same << 32 | (order & 0x8d5))
      .print();
}

void ask_kernel() {
  u64 sum = 0;
  for (u64 i = 1; i <= 3; ++i) sum = library::mix(sum, library::call(Call::echo, sum, i * 0x1234567, i << 60));
  Fact("echo").hex(sum).print();
}

// The kernel mends both: a page that was not there, and a page that was shared and is now a copy.
void fault() {
  word_at(sparse_user + 0x128) = 0xdecade;
  word_at(sparse_user + 0xff8) = 0xfacade;
  Fact("demand page").hex(library::checksum(sparse_user, 512)).print();
  const u64 before = word_at(shared_page + 0x80);
  word_at(shared_page + 0x80) = before + 0x1000;
  Fact("copied page").hex(before).hex(library::checksum(shared_page, 512)).print();
}

// What a user program may not do, each answered by the vector and error code of its exception.
void trespass() {
  word_at(page) = 0xc3;  // RET, where nothing may be executed
  const u64 kernel = probe_read(0x200000), code = probe_write(user_space::code);
  Fact("read kernel, write code, execute data").hex(kernel).hex(code).hex(probe_execute(page)).print();
  const u64 off = probe_interrupts_off(), halt = probe_halt(), port = probe_port();
  Fact("cli hlt out").hex(off).hex(halt).hex(port).print();
  const u64 control = probe_control(), far = probe_read(u64{1} << 52);
  Fact("cr3, not canonical").hex(control).hex(far).print();
  const u64 undefined = probe_undefined();
  Fact("ud2 div").hex(undefined).hex(probe_divide()).print();
}

void read_disk() {
  static constexpr u8 blocks[] = {0, 1, 7, 42, 128, 200, 254, 255};
  u64 before = 0;
  for (u64 i = 0; i < sizeof blocks; ++i) {
    const u64 to = page + 0x200 * i;
    const u64 error = library::call(Call::read_block, blocks[i], to, i & 1);
    const u64 sum = library::checksum(to, 64, error);
    if (i & 1) Fact("blocks").byte(blocks[i - 1]).hex(before).byte(blocks[i]).hex(sum).print();
    before = sum;
  }
}

void take_ticks() {
  for (u64 ticks = 1; ticks <= 2; ++ticks) {
    const u64 before = word_at(user_space::clock);
    library::call(Call::arm, ticks);
    const u64 sum = spin_while(user_space::clock, before, 0x8d7, ticks << 40);
    Fact("tick").byte(word_at(user_space::clock) - before).hex(sum).print();
  }
}

}  // namespace tour::user
