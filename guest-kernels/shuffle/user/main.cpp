// The one user program: carries out script rows and takes every result into a sum.
#include "../../common/user/alu.h"
#include "../../common/user/library.h"
#include "../../common/user/probes.h"
#include "../plan_format.h"

namespace shuffle::user {
namespace {

using namespace trapline::shuffle;
using library::Call;
using library::mix;

u64 clock() { return *reinterpret_cast<volatile u64*>(user_space::clock); }

void delay(u64 iterations) { asm volatile("1: dec %0\n\tjnz 1b" : "+r"(iterations) : : "cc"); }

u64 add(u64 address, u64 value) {
  asm volatile("lock xadd %0, (%1)" : "+r"(value) : "r"(address) : "cc", "memory");
  return value;
}

u64 probe(const ScriptRow& row) {
  switch (static_cast<Probe>(row.operation)) {
    case Probe::read:
      return probe_read(row.a);
    case Probe::write:
      return probe_write(row.a);
    default:
      return probe_execute(row.a);
  }
}

u64 spin(const ScriptRow& row, u64 sum) {
  const u64 before = clock();
  library::call(Call::arm, row.a);
  sum = mix(sum, spin_while(user_space::clock, before, row.flags, row.c));
  return mix(sum, clock() - before);
}

// Interrupts are on here, so the system call that reports "due" may not return before the interrupt was taken.
u64 poll(const ScriptRow& row, u64 sum) {
  const u64 before = clock();
  library::call(Call::arm, row.a);
  delay(row.b);
  while (library::call(Call::timer) == 0) {
  }
  return mix(sum, clock() - before);
}

u64 await(u64 ticks) {
  while (clock() < ticks) {
  }
  return clock() - ticks;
}

u64 execute(const ScriptRow& row) {
  using Function = u64(u64);
  return reinterpret_cast<Function*>(row.a)(row.b);
}

u64 step(const ScriptRow& row, u64 sum, u64 began) {
  switch (row.step) {
    case Step::end:
      break;
    case Step::alu:
      return alu_mix(sum, {row.operation, row.mask, row.flags, row.a, row.b, row.c});
    case Step::load:
      return mix(sum, *reinterpret_cast<volatile u64*>(row.a));
    case Step::store:
      *reinterpret_cast<volatile u64*>(row.a) = row.b;
      break;
    case Step::add:
      return mix(sum, add(row.a, row.b));
    case Step::sum:
      return library::checksum(row.a, row.b, sum);
    case Step::fill:
      library::fill(row.a, row.b, row.c);
      break;
    case Step::copy:
      library::copy(reinterpret_cast<void*>(row.a), reinterpret_cast<const void*>(row.b), row.c);
      break;
    case Step::act:
      return mix(sum, library::call(Call::act, row.a, row.b));
    case Step::probe:
      return mix(sum, probe(row));
    case Step::delay:
      delay(row.a);
      break;
    case Step::spin:
      return spin(row, sum);
    case Step::await:
      return mix(sum, await(began + row.a));
    case Step::poll:
      return poll(row, sum);
    case Step::echo:
      return mix(sum, library::call(Call::echo, row.a, row.b, row.c));
    case Step::say:
      return mix(sum, library::call(Call::write, plan_address + row.a, row.b));
    case Step::execute:
      return mix(sum, execute(row));
  }
  return sum;
}

}  // namespace
}  // namespace shuffle::user

extern "C" u64 user_main(u64, u64 first_row) {
  using namespace shuffle::user;
  const u64 began = clock();
  u64 sum = 0;
  for (const auto* row = reinterpret_cast<const ScriptRow*>(first_row); row->step != Step::end; ++row) {
    sum = step(*row, sum, began);
  }
  return sum;
}
