// Derived knowledge at exits: where the instruction stands, and the walks, held against KVM and pagemap.
#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <set>

#include "arch/state_bytes.h"
#include "kvm/guest_view.h"
#include "kvm/lab.h"
#include "kvm/pagemap.h"
#include "kvm/probe.h"
#include "kvm/vcpu.h"

using namespace trapline;
using namespace trapline::kvm_test;
using trace::UserExitReason;

namespace {

constexpr u64 first_table = 0x200000;
constexpr u64 table_pages = 64;

u64 random_entry(std::mt19937_64& random, unsigned level, u64 memory_bytes) {
  const u64 dice = random() % 100;
  if (dice < 6) return random() & ~arch::pte::present;
  u64 entry = arch::pte::present | (random() & 0x66) | (random() % 8 == 0 ? arch::pte::no_execute : 0);
  if (level == 1) return entry | (random() % (memory_bytes * 2) & arch::pte::address);
  if (level == 2 && dice < 25) {  // 1 GiB pages: not every KVM offers them
    entry |= arch::pte::large | (random() % (1ULL << 36) & bit_mask(35, 21));
    if (dice < 9) entry |= 1 << 13;  // reserved in a large page
    return entry;
  }
  if (dice < 27) return entry | bit(51);                         // beyond the processor's physical addresses
  if (level == 4 && dice < 29) return entry | arch::pte::large;  // reserved in a PML4E
  return entry | (first_table + random() % (table_pages / 4) * 4096 + (4 - level + 1) * table_pages / 4 * 4096);
}

// Four groups of pages, one for each level, entries pointing into the next group.
void write_random_tables(memory::GuestMemory& memory, std::mt19937_64& random) {
  for (u64 page = 0; page < table_pages; ++page) {
    const unsigned level = 4 - static_cast<unsigned>(page / (table_pages / 4));
    for (u64 index = 0; index < 512; ++index)
      REQUIRE(
          memory.store<u64>(Gpa(first_table + page * 4096 + index * 8), random_entry(random, level, memory.bytes())));
  }
}

// Every entry that a walk read, from PAGE parts and table_write events alone.
void check_walks_recompute(Lab& lab) {
  std::map<u64, u64> entries;
  unsigned checked = 0;
  lab.bus.flush();
  auto cursor = lab.trace.events();
  while (const auto* event = cursor.next()) {
    if (event->is<trace::Keyframe>()) {
      const u64 base = event->as<trace::Keyframe>()->address;
      const auto bytes = event->blob();
      for (u64 at = 0; at + 8 <= bytes.size(); at += 8) std::memcpy(&entries[base + at], bytes.data() + at, 8);
    } else if (event->is<trace::TableWrite>()) {
      const auto write = *event->as<trace::TableWrite>();
      CHECK(entries.at(write.gpa) == write.old_value);
      entries.at(write.gpa) = write.value;
    } else if (event->is<trace::WalkReference>()) {
      const auto reference = *event->as<trace::WalkReference>();
      CHECK(entries.at(reference.entry_gpa) == reference.value);
      ++checked;
    }
  }
  CHECK(checked > 0);
}

}  // namespace

KVM_TEST("derived walks agree with KVM_TRANSLATE over random page tables") {
  Lab lab({0xf4});
  auto& vcpu = dynamic_cast<kvm::KvmVcpu&>(lab.vcpu());
  std::mt19937_64 random(7);
  unsigned translated = 0, refused = 0;
  for (unsigned round = 0; round < 4; ++round) {
    write_random_tables(lab.memory(), random);
    for (u64 root = 0; root < table_pages / 4; root += 4) {
      auto state = boot_state();
      state.cr3 = first_table + root * 4096;
      REQUIRE(vcpu.set_state(state).ok());
      const kvm::GuestView guest(lab.memory(), state, vcpu.physical_bits());
      for (unsigned number = 0; number < 100; ++number) {
        const u64 linear = sign_extend(random(), 48);  // KVM_TRANSLATE does not look at canonicality
        const auto ours = guest.translate(linear, arch::Access::read);
        const auto theirs = vcpu.translate_by_kvm(Gva(linear));
        CAPTURE(linear);
        CAPTURE(state.cr3);
        const u64 our_gpa = ours ? ours->value : unknown_address, their_gpa = theirs ? theirs->value : unknown_address;
        CHECK(our_gpa == their_gpa);
        ++(ours ? translated : refused);
      }
    }
  }
  CHECK(translated > 200);
  CHECK(refused > 200);
}

NAMED_KVM_TEST("an access's instruction is found wherever RIP stands") {
  // Two equal OUTs in a row, an immediate port, 16 and 32 bits, IN, and string forms.
  const Code code = Code{0xba} + little(0x3f8, 4) + Code{0xee, 0xee, 0xe6, 0x80, 0x66, 0xef, 0xef, 0xec, 0xe5, 0x42} +
                    Code{0xbe} + little(0x200000, 4) + Code{0x6e, 0xb9} + little(3, 4) + Code{0xf3, 0x6e, 0xf4};
  Lab lab(code, trace::Level::exits);
  std::vector<u64> found;
  metal::VmExit exit = lab.run();
  for (; exit.reason == UserExitReason::port_io; exit = lab.run()) {
    if (!exit.io.write) std::memset(exit.io.data, 0, exit.io.size * exit.io.count);
    if (found.empty() || found.back() != exit.rip - code_base || exit.io.address == 0x3f8)
      found.push_back(exit.rip - code_base);
  }
  CHECK(exit.reason == UserExitReason::halt);
  found.resize(9);
  CHECK(found == std::vector<u64>{5, 6, 7, 9, 11, 12, 13, 20, 26});
}

KVM_TEST("an MMIO access's instruction and operand are found") {
  const u64 hole = 0x2000000;
  Lab lab(Code{0xbb} + little(hole, 4) + Code{0x66, 0x89, 0x43, 0x08, 0x41, 0x89, 0x5b, 0x04, 0x8b, 0x43, 0x10, 0xf4},
          trace::Level::mmu);
  auto state = lab.vcpu().state();
  state.gpr[arch::r11] = hole + 0x1000;
  REQUIRE(lab.vcpu().set_state(state).ok());
  const auto first = lab.run();
  CHECK(first.rip == code_base + 5);
  const auto second = lab.run();
  CHECK(second.rip == code_base + 9);
  auto third = lab.run();
  CHECK(third.rip == code_base + 13);
  std::memset(third.io.data, 0, third.io.size);
  CHECK(lab.run().reason == UserExitReason::halt);
  std::set<u64> operands;
  for (const auto& walk : lab.events<trace::WalkEnd>())
    if (walk.gpa >= hole) {
      CHECK(walk.gva == walk.gpa);
      CHECK(walk.hpa == unknown_address);
      operands.insert(walk.gpa);
    }
  CHECK(operands == std::set<u64>{hole + 8, hole + 0x1004, hole + 0x10});
}

KVM_TEST("walks are derived, complete, and leave the guest's memory alone") {
  // mov eax, [0x300008]; out dx, al; hlt
  Lab lab(Code{0x8b, 0x04, 0x25} + little(0x300008, 4) + Code{0xee, 0xf4}, trace::Level::mmu);
  const u64 entry_before = *lab.memory().load<u64>(Gpa(0x3000 + 7 * 8));
  CHECK(lab.run().reason == UserExitReason::port_io);
  CHECK(lab.run().reason == UserExitReason::halt);
  CHECK(lab.memory().load<u64>(Gpa(0x3000 + 7 * 8)) == entry_before);
  unsigned walks = 0, references = 0;
  const kvm::Pagemap pagemap;
  lab.bus.flush();
  auto cursor = lab.trace.events();
  while (const auto* event = cursor.next()) {
    if (event->is<trace::WalkReference>()) {
      const auto reference = *event->as<trace::WalkReference>();
      CHECK(event->stamp().provenance == trace::Provenance::derived);
      CHECK(reference.value == lab.memory().load<u64>(Gpa(reference.entry_gpa)));
      ++references;
    }
    if (!event->is<trace::WalkEnd>()) continue;
    const auto walk = *event->as<trace::WalkEnd>();
    CHECK(walk.outcome == static_cast<u8>(trace::WalkOutcome::translated));
    CHECK(walk.gva == walk.gpa);
    CHECK(walk.page_level == 2);
    auto& host = lab.memory().host();
    const Hpa direct = pagemap.frame_of(host.host_page(Hpa(walk.gpa)) + walk.gpa % page_bytes);
    CHECK(walk.hpa == direct.value);
    CHECK((walk.hpa != unknown_address) == kvm::probe().pagemap_shows_frames);
    ++walks;
  }
  CHECK(walks >= 3);
  CHECK(references == walks * 3);
}

KVM_TEST("what the guest did to its tables unseen is recorded before a walk reads it") {
  // mov qword [0x3010], 0x600083; mov eax, [0x400000]; out dx, al; mov qword [0x3010], 0x800083; invlpg [0x400000];
  // mov eax, [0x400000]; hlt
  const Code change_entry = Code{0x48, 0xc7, 0x04, 0x25} + little(0x3010, 4);
  const Code read_page = Code{0x8b, 0x04, 0x25} + little(0x400000, 4);
  Lab lab(change_entry + little(0x600083, 4) + read_page + Code{0xee} + change_entry + little(0x800083, 4) +
              Code{0x0f, 0x01, 0x3c, 0x25} + little(0x400000, 4) + read_page + Code{0xf4},
          trace::Level::mmu);
  REQUIRE(lab.memory().store<u64>(Gpa(0x800000), 0x77));
  CHECK(lab.run().reason == UserExitReason::port_io);
  CHECK(lab.events<trace::TableWrite>().empty());  // the first look is a whole page
  CHECK(lab.run().reason == UserExitReason::halt);
  CHECK(lab.gpr(arch::rax) == 0x77);
  const auto writes = lab.events<trace::TableWrite>();
  const auto change = std::find_if(writes.begin(), writes.end(), [](const auto& write) { return write.gpa == 0x3010; });
  REQUIRE(change != writes.end());
  CHECK((change->old_value & arch::pte::address) == 0x600000);
  CHECK((change->value & arch::pte::address) == 0x800000);
  CHECK(change->writer == static_cast<u8>(trace::Writer::guest));
  check_walks_recompute(lab);
}

KVM_TEST("registers that are set are the registers that are got") {
  Lab lab({0xf4});
  auto state = boot_state();
  std::mt19937_64 random(3);
  for (u64& value : state.gpr) value = random();
  state.rflags = 2 | arch::flag::cf | arch::flag::zf | arch::flag::df;
  state.star = 0x0013000800000000;
  state.lstar = 0xffff800000001000;
  state.sfmask = 0x700;
  state.kernel_gs_base = 0x123456789000;
  state.sysenter_eip = 0x5000;
  state.cr2 = 0xdeadbeef;
  state.cr8 = 3;
  state.segments[arch::gs].base = 0x7000;
  state.dr[0] = 0x1111;
  state.dr[7] = 0x400;
  state.idtr = {idt_base, 0xfff};
  REQUIRE(lab.vcpu().set_state(state).ok());
  auto back = lab.vcpu().state();
  // KVM knows a local APIC or none; its base is the only thing that a VM without one may answer for itself.
  CHECK(back.apic_base == state.apic_base);
  back.dr[4] = state.dr[4];
  back.dr[5] = state.dr[5];
  CHECK(back.gpr == state.gpr);
  CHECK(back.rflags == state.rflags);
  for (unsigned index = 0; index < 6; ++index) {
    CAPTURE(index);
    CHECK(back.segments[index].selector == state.segments[index].selector);
    CHECK(back.segments[index].base == state.segments[index].base);
    CHECK(back.segments[index].limit == state.segments[index].limit);
    CHECK(back.segments[index].access_rights == state.segments[index].access_rights);
  }
  CHECK(back.tr == state.tr);
  CHECK(back.gdtr == state.gdtr);
  CHECK(back.idtr == state.idtr);
  CHECK(back.cr0 == state.cr0);
  CHECK(back.cr8 == state.cr8);
  CHECK(back.dr == state.dr);
  CHECK(back == state);
}

KVM_TEST("a state that no processor can have is refused, not entered") {
  Lab lab({0xf4});
  auto state = boot_state();
  state.cr4 = 0;  // long mode needs PAE
  CHECK_FALSE(lab.vcpu().set_state(state).ok());
  state = boot_state();
  state.activity = arch::Activity::shutdown;
  CHECK_FALSE(lab.vcpu().set_state(state).ok());
}

KVM_TEST("a keyframe holds the processor and the memory that is not zero") {
  Lab lab({0xf4});
  CHECK(lab.run().reason == UserExitReason::halt);
  lab.vcpu().save_keyframe(lab.bus, 1);
  std::set<u64> pages;
  bool processor = false;
  lab.bus.flush();
  auto cursor = lab.trace.events();
  while (const auto* event = cursor.next()) {
    if (!event->is<trace::Keyframe>()) continue;
    const auto part = *event->as<trace::Keyframe>();
    CHECK(part.set == 1);
    if (part.tag == arch::cpu_state_tag) {
      processor = true;
      CHECK(arch::cpu_state_from(event->blob()) == lab.vcpu().state());
    }
    if (part.tag == memory::memory_part)
      for (u64 page = 0; page < event->blob().size() / page_bytes; ++page)
        pages.insert(part.address / page_bytes + page);
  }
  CHECK(processor);
  CHECK(pages == std::set<u64>{0, 1, 2, 3, code_base / page_bytes});
}

KVM_TEST("where /dev/kvm opens it is usable, and named") {
  const auto found = kvm::probe();
  CHECK_MESSAGE(found.usable, found.why_not.english);
  CHECK(found.api_version == 12);
  CHECK(found.module != "");
  CHECK(found.capabilities.size() >= 5);
}

KVM_TEST("two machines in one process do not know of each other") {
  Lab first({0xb8, 1, 0, 0, 0, 0xf4}), second({0xb8, 2, 0, 0, 0, 0xf4});
  CHECK(first.run().reason == UserExitReason::halt);
  CHECK(second.run().reason == UserExitReason::halt);
  CHECK(first.gpr(arch::rax) == 1);
  CHECK(second.gpr(arch::rax) == 2);
}
