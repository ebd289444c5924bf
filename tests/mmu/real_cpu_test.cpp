// Rights, reserved bits, error codes, accessed and dirty flags against a real processor: the same tables, the same
// access, once by this host's KVM and once by the Mmu.
//
// Every case has tables of its own, all written before the first run: a KVM with shadow paging does not hear of a
// table that is changed from outside.
#include "support/real_cpu.h"

#include <doctest/doctest.h>

#include "mmu/world.h"

using namespace trapline;
using namespace trapline::tests;
using arch::Access;
using mmu::Outcome;
using mmu::Privilege;
using test::RealCpu;
using test::RealOutcome;

namespace {

constexpr u64 memory_bytes = 16 << 20;
constexpr u64 gdt = 0x500, tss = 0x580, idt = 0x5000, page_fault_handler = 0x6000, undefined_handler = 0x6100,
              stack = 0x9f00, user_code = 0xa000, kernel_code = 0xb000, data_page = 0xc000, first_root = 0x10000,
              first_table = 0x40000;
constexpr unsigned cases = 1000, cases_of_a_root = 200;

struct Case {
  u64 root, address;
  u64 places[5];  // of the entries, by level; 0 where a large page left none
  unsigned page_level;
  Access access;
  bool user, wp, nxe, smep, smap, ac;
};

class Image {
 public:
  Image() : bytes(memory_bytes) {
    put(gdt + 8, 0x00209b0000000000);   // 64-bit code, DPL 0
    put(gdt + 16, 0x0000930000000000);  // data, DPL 0
    put(gdt + 24, 0x0000f30000000000);  // data, DPL 3
    put(gdt + 32, 0x0020fb0000000000);  // 64-bit code, DPL 3
    put(gdt + 40, 0x00008b0000000067 | tss << 16);
    put(tss + 4, stack);
    gate(14, page_fault_handler);
    gate(6, undefined_handler);
    code(page_fault_handler, {0xf4});  // HLT
    code(undefined_handler, {0xf4});
    code(data_page, {0x0f, 0x0b});  // UD2: a fetch that succeeds ends here
    for (const u64 at : {user_code, kernel_code}) {
      code(at, {0x8a, 0x03, 0x0f, 0x0b});         // MOV AL, [RBX]; UD2
      code(at + 0x10, {0x88, 0x03, 0x0f, 0x0b});  // MOV [RBX], AL; UD2
      code(at + 0x20, {0xff, 0xe3});              // JMP RBX
    }
    for (unsigned number = 0; number < cases; ++number) all.push_back(make_case(number));
  }

  u64 at(u64 address) const {
    u64 value = 0;
    std::memcpy(&value, &bytes[address], 8);
    return value;
  }

  std::vector<std::byte> bytes;
  std::vector<Case> all;

 private:
  void put(u64 address, u64 value) { std::memcpy(&bytes[address], &value, 8); }
  void code(u64 address, std::initializer_list<int> instruction) {
    for (const int byte : instruction) bytes[address++] = static_cast<std::byte>(byte);
  }
  void gate(unsigned vector, u64 handler) { put(idt + vector * 16, handler | 0x8 << 16 | 0x8eULL << 40); }
  u64 next(u64 bound) {
    random_ = random_ * 6364136223846793005 + 1442695040888963407;
    return (random_ >> 33) % bound;
  }
  u64 new_table() {
    table_ += page_bytes;
    return table_;
  }

  // A root maps the low 2 MiB, the user's code page as user's, the rest as supervisor's.
  u64 make_root() {
    const u64 root = root_ += page_bytes, pdpt = new_table(), pd = new_table(), pt = new_table();
    put(root, pdpt | P | RW | US | A);
    put(pdpt, pd | P | RW | US | A);
    put(pd, pt | P | RW | US | A);
    for (u64 page = 0; page < 512; ++page)
      put(pt + page * 8, page * page_bytes | P | RW | A | D | (page * page_bytes == user_code ? US : 0));
    return root;
  }

  Case make_case(unsigned number) {
    if (number % cases_of_a_root == 0) current_root_ = make_root();
    Case made{};
    made.root = current_root_;
    made.address = (1ULL + number % cases_of_a_root) << 39 | next(512) << 30 | next(512) << 21 | next(512) << 12;
    if (made.address & bit(47)) made.address |= 0xffff000000000000;
    made.page_level = next(5) == 0 ? 2 : 1;
    u64 table = made.root;
    for (unsigned level = 4; level >= made.page_level; --level) {
      made.places[level] = table + Tables::index(made.address, level) * 8;
      const bool page = level == made.page_level;
      const u64 target = !page ? new_table() : level == 2 ? 0 : data_page;
      put(made.places[level], target | bits_for(level, page));
      table = target;
    }
    if (made.page_level == 2) made.address += data_page - (made.address & 0x1fffff);
    made.access = static_cast<Access>(next(3));
    if (made.access != Access::execute) made.address += 0x800;  // beside the instruction
    made.user = next(2);
    made.wp = next(2);
    made.nxe = next(4);
    made.smep = next(2);
    made.smap = next(2);
    made.ac = next(2);
    return made;
  }
  // Mostly open, with one thing or another closed.
  u64 bits_for(unsigned level, bool page) {
    u64 bits = P | RW | US | (page && level == 2 ? PS : 0);
    if (next(24) == 0) bits &= ~P;
    if (next(7) == 0) bits &= ~RW;
    if (next(7) == 0) bits &= ~US;
    if (next(9) == 0) bits |= NX;
    if (next(3) == 0) bits |= A;
    if (page && next(3) == 0) bits |= D;
    if (level == 4 && next(24) == 0) bits |= PS;                        // reserved
    if (page && level == 2 && next(6) == 0) bits |= bit(13 + next(8));  // reserved
    if (level < 4 && next(40) == 0) bits |= bit(52 + next(7));          // ignored
    return bits;
  }

  u64 random_ = 2;
  u64 root_ = first_root;
  u64 table_ = first_table;
  u64 current_root_ = 0;
};

struct Seen {
  bool faulted = false;
  u32 error = 0;
  u64 cr2 = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

arch::CpuState state_for(const Case& one) {
  arch::CpuState state;
  state.cr0 = arch::cr0::pe | arch::cr0::et | arch::cr0::ne | arch::cr0::pg | (one.wp ? arch::cr0::wp : 0);
  state.cr3 = one.root;
  state.cr4 = arch::cr4::pae | (one.smep ? arch::cr4::smep : 0) | (one.smap ? arch::cr4::smap : 0);
  state.efer = arch::efer::lme | arch::efer::lma | (one.nxe ? arch::efer::nxe : 0);
  state.rflags = arch::flag::always_one | (one.ac ? arch::flag::ac : 0);
  const u64 code = one.user ? user_code : kernel_code;
  state.rip = code + static_cast<u64>(one.access) * 0x10;
  state.gpr[arch::rbx] = one.address;
  state.gpr[arch::rsp] = one.user ? 0 : stack;
  const u32 dpl = one.user ? 3 << 5 : 0;
  state.segments.fill({static_cast<u16>(one.user ? 0x1b : 0x10), 0x93 | dpl | 0xc000, 0xffffffff, 0});
  state.segments[arch::cs] = {static_cast<u16>(one.user ? 0x23 : 0x08), 0x9b | dpl | 0xa000, 0xffffffff, 0};
  state.tr = {0x28, 0x8b, 0x67, tss};
  state.gdtr = {gdt, 0x3f};
  state.idtr = {idt, 0xfff};
  return state;
}

// Nothing where this KVM cannot run the case (a control bit that it has not got, an instruction that it cannot
// emulate).
std::optional<Seen> really(RealCpu& cpu, const Case& one) {
  if (!cpu.set_state(state_for(one))) return std::nullopt;
  if (cpu.run().end != RealOutcome::End::halted) return std::nullopt;
  const arch::CpuState after = cpu.state();
  if ((after.rip & ~0xffULL) == undefined_handler) return Seen{};
  u32 error = 0;
  std::memcpy(&error, &cpu.memory()[after.gpr[arch::rsp]], 4);
  return Seen{true, error, after.cr2};
}

Seen modelled(mmu::Mmu& unit, const Case& one) {
  const arch::CpuState state = state_for(one);
  unit.state().cr0 = state.cr0;
  unit.state().cr3 = state.cr3;
  unit.state().cr4 = state.cr4;
  unit.state().efer = state.efer;
  unit.state().alignment_check = one.ac;
  unit.flush_everything(trace::FlushCause::strange);
  const auto found = unit.translate(Gva(one.address), one.access, one.user ? Privilege::user : Privilege::supervisor);
  if (found.outcome == Outcome::translated) return {};
  return {true, found.fault.error_code, found.fault.cr2};
}

}  // namespace

TEST_CASE("a real processor agrees on faults, error codes and flags") {
  if (!RealCpu::why_unusable().empty()) {
    MESSAGE("skipped: ", RealCpu::why_unusable());
    return;
  }
  const Image image;
  RealCpu cpu(memory_bytes);
  std::memcpy(cpu.memory().data(), image.bytes.data(), memory_bytes);
  Recording recording(trace::Level::exits);
  memory::HostMemory host(memory_bytes, recording.bus);
  host.write_bytes(Hpa(0), image.bytes, trace::Writer::monitor);
  u64 cycles = 0;
  mmu::Mmu unit(host, recording.bus, {}, {}, cycles);

  unsigned compared = 0, faults = 0, refused = 0;
  for (const Case& one : image.all) {
    // The manual keeps SMAP to data accesses; the software KVM of some hosts applies it to a supervisor's fetches too.
    if (!one.user && one.access == Access::execute && one.smap && !one.smep && !one.ac) continue;
    const auto real = really(cpu, one);
    if (!real) {
      ++refused;
      continue;
    }
    ++compared;
    faults += real->faulted;
    const Seen model = modelled(unit, one);
    CAPTURE(one.address);
    CAPTURE(static_cast<int>(one.access));
    CAPTURE(one.user);
    CAPTURE(one.nxe);
    CAPTURE(one.smep);
    CAPTURE(one.smap);
    CAPTURE(one.ac);
    CHECK(real->faulted == model.faulted);
    CHECK(real->error == model.error);
    if (real->faulted) CHECK(real->cr2 == model.cr2);
    for (unsigned level = one.page_level; level <= 4; ++level) {
      u64 entry = 0;
      std::memcpy(&entry, &cpu.memory()[one.places[level]], 8);
      // A walk that faults may leave accessed flags set on the way, or not: processors differ.
      const u64 free = real->faulted ? A : 0;
      CAPTURE(level);
      CHECK((entry | free) == (host.read(Hpa(one.places[level]), 8) | free));
    }
  }
  MESSAGE(compared, " accesses compared, ", faults, " of them faults; ", refused, " this KVM could not run");
  CHECK(compared > cases / 4);
  CHECK(faults > 50);
}
