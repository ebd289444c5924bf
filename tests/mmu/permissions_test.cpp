// Access rights and page-fault error codes against a second tiny model, written from the manual's prose alone, through
// real tables and the whole Mmu: every combination of P, R/W, U/S and XD at four levels.
#include <doctest/doctest.h>

#include "mmu/world.h"

using namespace trapline;
using namespace trapline::tests;
using arch::Access;
using mmu::Outcome;
using mmu::Privilege;

namespace {

struct Mode {
  bool wp, smep, smap, ac, nxe;
};

struct Verdict {
  bool allowed;
  u32 error;
};

// SDM vol. 3, "Determination of Access Rights" and "Page-Fault Exceptions", sentence by sentence.
Verdict by_the_manual(const u64 (&entry)[5], Mode mode, Access access, Privilege who) {
  const bool user_access = who == Privilege::user;
  const bool fetch = access == Access::execute;
  u32 error = (access == Access::write ? 2 : 0) | (user_access ? 4 : 0);
  if (fetch && (mode.nxe || mode.smep)) error |= 16;
  for (int level = 4; level >= 1; --level) {
    if (!(entry[level] & P)) return {false, error};
    if (!mode.nxe && (entry[level] & NX)) return {false, error | 1 | 8};  // bit 63 is reserved then
  }
  int writable = 0, user = 0, execute_disable = 0;
  for (int level = 1; level <= 4; ++level) {
    writable += (entry[level] & RW) != 0;
    user += (entry[level] & US) != 0;
    execute_disable += (entry[level] & NX) != 0;
  }
  const bool user_mode_address = user == 4, read_write = writable == 4;
  bool allowed = false;
  if (!user_access) {
    // "Access rights for supervisor-mode accesses"
    const bool explicit_access = who == Privilege::supervisor;
    const bool smap_lets = !mode.smap || (mode.ac && explicit_access);
    if (access == Access::read) allowed = !user_mode_address || smap_lets;
    if (access == Access::write && !user_mode_address) allowed = !mode.wp || read_write;
    if (access == Access::write && user_mode_address) allowed = smap_lets && (!mode.wp || read_write);
    if (fetch && !user_mode_address) allowed = !mode.nxe || execute_disable == 0;
    if (fetch && user_mode_address) allowed = !mode.smep && (!mode.nxe || execute_disable == 0);
  } else if (user_mode_address) {
    // "Access rights for user-mode accesses"
    if (access == Access::read) allowed = true;
    if (access == Access::write) allowed = read_write;
    if (fetch) allowed = !mode.nxe || execute_disable == 0;
  }
  return {allowed, error | 1};
}

constexpr u64 address = 0x7f1234567000, target = 0x300000;

// All combinations of mode, access and privilege, numbered.
constexpr unsigned situations = 32 * 3 * 3;
struct Situation {
  Mode mode;
  Access access;
  Privilege who;
};
Situation situation(unsigned number) {
  const unsigned bits = number % 32;
  return {{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0},
          static_cast<Access>(number / 32 % 3),
          static_cast<Privilege>(number / 96)};
}

u64 leaf_bits(unsigned combination) {
  return (combination & 1 ? P : 0) | (combination & 2 ? RW : 0) | (combination & 4 ? US : 0) |
         (combination & 8 ? NX : 0);
}

class Bench {
 public:
  Bench() : world(Dimensions::one, {}, trace::Level::exits) {
    world.tables.map(address, target, P | RW | US);
    for (unsigned level = 1; level <= 4; ++level) {
      place[level] = world.tables.place(address, level, P | RW | US);
      bare[level] = world.host.read(Hpa(place[level]), 8) & ~0xfffULL;
    }
  }

  // Sets one combination (16 bits, four for each level) up and asks the Mmu; true where everything is as by the manual.
  bool agrees(unsigned combination, unsigned number) {
    const Situation now = situation(number);
    u64 entry[5] = {};
    for (unsigned level = 1; level <= 4; ++level) {
      entry[level] = bare[level] | leaf_bits(combination >> (4 * (level - 1)) & 15);
      world.host.write(Hpa(place[level]), 8, entry[level], trace::Writer::monitor);
    }
    set_mode(now.mode);
    world.mmu.flush_everything(trace::FlushCause::strange);
    const auto found = world.mmu.translate(Gva(address + 0x123), now.access, now.who);
    const Verdict expected = by_the_manual(entry, now.mode, now.access, now.who);
    if (!expected.allowed)
      return found.outcome == Outcome::fault && found.fault == arch::page_fault(expected.error, address + 0x123) &&
             flags_are(entry, 0, 0);
    return found.outcome == Outcome::translated && found.hpa == Hpa(target + 0x123) &&
           flags_are(entry, A, now.access == Access::write ? D : 0) && hints_hold(found, entry, now);
  }

 private:
  void set_mode(Mode mode) {
    auto& state = world.mmu.state();
    state.cr0 = arch::cr0::pe | arch::cr0::pg | (mode.wp ? arch::cr0::wp : 0);
    state.cr4 = arch::cr4::pae | (mode.smep ? arch::cr4::smep : 0) | (mode.smap ? arch::cr4::smap : 0);
    state.efer = arch::efer::lme | arch::efer::lma | (mode.nxe ? arch::efer::nxe : 0);
    state.alignment_check = mode.ac;
  }
  bool flags_are(const u64 (&entry)[5], u64 everywhere, u64 at_the_leaf) {
    for (unsigned level = 1; level <= 4; ++level)
      if (world.host.read(Hpa(place[level]), 8) != (entry[level] | everywhere | (level == 1 ? at_the_leaf : 0)))
        return false;
    return true;
  }
  // What may be done without a further walk is never more than what is allowed, and reading or fetching never less.
  bool hints_hold(const mmu::Translation& found, const u64 (&entry)[5], const Situation& now) {
    const bool read = by_the_manual(entry, now.mode, Access::read, now.who).allowed;
    const bool write = by_the_manual(entry, now.mode, Access::write, now.who).allowed;
    const bool execute = by_the_manual(entry, now.mode, Access::execute, now.who).allowed;
    auto without_ac = now.mode;
    without_ac.ac = false;
    const bool needs_ac = !by_the_manual(entry, without_ac, now.access, now.who).allowed;
    return found.held && found.may_read == read && found.may_execute == execute &&
           found.may_write == (write && now.access == Access::write) && (found.thanks_to_ac || !needs_ac);
  }

  World world;
  u64 place[5] = {};
  u64 bare[5] = {};
};

}  // namespace

TEST_CASE("every combination of rights at four levels, in situations taken in turn") {
  Bench bench;
  unsigned number = 0, wrong = 0;
  for (unsigned combination = 0; combination < 65536; ++combination) {
    for (unsigned turn = 0; turn < 4; ++turn) {
      number = (number + 97) % situations;  // 97 and the number of situations have no common factor
      wrong += !bench.agrees(combination, number);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("every situation, with each level deviating alone and with all levels alike") {
  Bench bench;
  unsigned wrong = 0;
  for (unsigned number = 0; number < situations; ++number) {
    for (unsigned bits = 0; bits < 16; ++bits) {
      for (unsigned level = 0; level < 4; ++level)
        wrong += !bench.agrees((0x7777U & ~(15U << 4 * level)) | bits << 4 * level, number);
      wrong += !bench.agrees(bits * 0x1111U, number);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE(
    "an address that is not canonical is a general-protection fault, and other paging modes are refused by name") {
  World world;
  for (const u64 bad : {0x0000800000000000ULL, 0xffff7fffffffffffULL, 0x8000000000000000ULL}) {
    const auto found = world.read(bad);
    CHECK(found.outcome == Outcome::fault);
    CHECK(found.fault == arch::fault(arch::vector::gp, 0));
  }
  world.mmu.state().efer &= ~arch::efer::lma;
  CHECK(world.read(0x1000).outcome == Outcome::unsupported_paging);
  world.mmu.state().efer |= arch::efer::lma;
  world.mmu.state().cr4 |= arch::cr4::la57;
  CHECK(world.read(0x1000).outcome == Outcome::unsupported_paging);
}

TEST_CASE("with paging off an address is its own translation, and outside memory there is no page") {
  World world;
  world.mmu.state().cr0 = arch::cr0::pe;
  const auto found = world.write(0x5678, Privilege::user);
  CHECK(found.outcome == Outcome::translated);
  CHECK(found.hpa == Hpa(0x5678));
  CHECK(found.gpa == Gpa(0x5678));
  CHECK(found.host_page == world.host.host_page(Hpa(0x5000)));
  CHECK(found.held);
  CHECK(world.read(World::host_frames * page_bytes).host_page == nullptr);
  CHECK(world.recording.all<trace::WalkBegin>().empty());
}
