// The tour's user programs: twins that look at one linear address in two address spaces, and a worker.
#include "../../common/user/library.h"
#include "../tour.h"
#include "programs.h"

namespace tour::user {
namespace {

using library::Call;
using library::Fact;

constexpr u64 rounds = 2;

// Each round changes a few words, so that a page of the wrong twin or of the wrong moment shows.
u64 twin(u64 which) {
  volatile u64* page = reinterpret_cast<volatile u64*>(user_space::data);
  u64 sum = 0;
  for (u64 round = 1;; ++round) {
    sum = library::checksum(user_space::data, 512, sum);
    Fact("twin").byte(which).byte(round).hex(sum).print();
    if (round == rounds) return sum;
    for (u64 word = which; word < 512; word += 37) page[word] = page[word] * 3 + round;
    library::call(Call::yield);
  }
}

u64 work() {
  compute();
  use_strings();
  ask_kernel();
  library::call(Call::yield);
  fault();
  trespass();
  read_disk();
  take_ticks();
  return 0x600d;
}

}  // namespace
}  // namespace tour::user

extern "C" u64 user_main(u64 program, u64 argument) {
  return program == tour::twin ? tour::user::twin(argument) : tour::user::work();
}
