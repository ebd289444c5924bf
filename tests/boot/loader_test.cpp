// The loader against guest-kernels/MACHINE.md, "Entry", and against images that are wrong in every way they can be.
#include "boot/loader.h"

#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <random>

#include "boot/elf.h"
#include "support/elf_builder.h"
#include "trace/memory_trace.h"

namespace trapline::boot {
namespace {

constexpr u64 memory_bytes = 4 << 20;

struct Machine {
  trace::MemoryTrace events;
  trace::Bus bus{trace::Level::exits, events};
  memory::HostMemory host{2 * memory_bytes, bus};
  memory::GuestMemory memory{host,
                             memory::scattered_frames(memory_bytes / page_bytes, 0, 2 * memory_bytes / page_bytes, 1)};

  u64 quad(u64 address) { return *memory.load<u64>(Gpa(address)); }
  u8 byte(u64 address) { return *memory.load<u8>(Gpa(address)); }
};

std::vector<u8> counting(std::size_t bytes) {
  std::vector<u8> content(bytes);
  for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<u8>(i * 7 + 1);
  return content;
}

TEST_CASE("a good image: segments, zeroes behind them, module, boot info") {
  Machine machine;
  machine.memory.store(Gpa(0x101ff8), ~0ULL);  // where zeroes must come
  const auto image = test::build_elf({{0x100000, counting(0x1ff0), 0x2008}, {0x105000, counting(10)}}, 0x100010);
  const std::vector<std::byte> module(5000, std::byte{0xcd});
  const auto state = load({"good.elf", image, module, 77}, machine.memory);
  REQUIRE(state.ok());
  CHECK(machine.byte(0x100000) == 1);
  CHECK(machine.byte(0x101fef) == counting(0x1ff0).back());
  CHECK(machine.quad(0x101ff8) == 0);
  CHECK(machine.byte(0x105009) == counting(10).back());
  // Boot info: magic, memory, seed, module.
  CHECK(machine.quad(0x7000) == 0x4f464e4950415254);
  CHECK(machine.quad(0x7008) == memory_bytes);
  CHECK(machine.quad(0x7010) == 77);
  CHECK(machine.quad(0x7018) == 0x106000);
  CHECK(machine.quad(0x7020) == 5000);
  CHECK(machine.byte(0x106000 + 4999) == 0xcd);
}

TEST_CASE("without a module its base is zero") {
  Machine machine;
  const auto image = test::build_elf({{0x100000, counting(16)}}, 0x100000);
  REQUIRE(load({"good.elf", image, {}, 1}, machine.memory).ok());
  CHECK(machine.quad(0x7018) == 0);
  CHECK(machine.quad(0x7020) == 0);
}

// guest-kernels/MACHINE.md, "Entry", row by row.
TEST_CASE("the processor's state at the entry") {
  Machine machine;
  const auto image = test::build_elf({{0x100000, counting(64)}}, 0x100020);
  const auto loaded = load({"good.elf", image, {}, 1}, machine.memory);
  REQUIRE(loaded.ok());
  const arch::CpuState& state = *loaded;
  CHECK(state.rip == 0x100020);
  CHECK(state.gpr[arch::rsp] == 0x9000);
  CHECK(state.gpr[arch::rdi] == 0x7000);
  CHECK(state.rflags == 2);
  CHECK(state.cr0 == 0x80010031);
  CHECK(state.cr3 == 0x1000);
  CHECK(state.cr4 == 0x20);
  CHECK(state.efer == 0xd01);
  CHECK(state.segments[arch::cs].selector == 8);
  CHECK(state.segments[arch::cs].long_mode());
  CHECK(state.segments[arch::cs].dpl() == 0);
  for (const auto segment : {arch::ds, arch::es, arch::ss, arch::fs, arch::gs}) {
    CHECK(state.segments[segment].selector == 0x10);
    CHECK_FALSE(state.segments[segment].unusable());
  }
  CHECK(state.idtr.limit == 0);
  CHECK(state.ldtr.selector == 0);
  CHECK(state.ldtr.unusable());
  CHECK(state.tr.selector == 0x18);
  CHECK(state.tr.limit == 0x67);
  CHECK(state.tr.base == 0x580);
  CHECK(state.tr.type() == 11);  // busy 64-bit TSS
  CHECK(state.gdtr.base == 0x500);
}

// Access rights as LAR would read them from a descriptor (SDM vol. 3, "Segment Descriptors"): bits 55:52 and 47:40.
u32 rights_of(u64 descriptor) { return (descriptor >> 40 & 0xff) | (descriptor >> 52 & 0xf) << 12; }

TEST_CASE("the descriptor table says the same as the hidden parts of the segment registers") {
  Machine machine;
  const auto image = test::build_elf({{0x100000, counting(64)}}, 0x100020);
  const auto state = load({"good.elf", image, {}, 1}, machine.memory);
  REQUIRE(state.ok());
  CHECK(machine.quad(0x500) == 0);
  CHECK(rights_of(machine.quad(0x508)) == state->segments[arch::cs].access_rights);
  CHECK(rights_of(machine.quad(0x510)) == state->segments[arch::ds].access_rights);
  CHECK(rights_of(machine.quad(0x518)) == state->tr.access_rights);
  const u64 task = machine.quad(0x518);
  CHECK((task >> 16 & 0xffffff) == 0x580);
  CHECK((task & 0xffff) == 0x67);
  CHECK(machine.quad(0x520) == 0);
  CHECK(state->gdtr.limit == 0x27);
}

TEST_CASE("the boot page tables map the first GiB onto itself") {
  Machine machine;
  const auto image = test::build_elf({{0x100000, counting(64)}}, 0x100020);
  REQUIRE(load({"good.elf", image, {}, 1}, machine.memory).ok());
  for (u64 linear = 0; linear < 1ULL << 30; linear += 0x1fffff) {
    const u64 pml4_entry = machine.quad(0x1000 + (linear >> 39 & 511) * 8);
    CHECK((pml4_entry & 3) == 3);
    const u64 pdpt_entry = machine.quad((pml4_entry & ~0xfffULL) + (linear >> 30 & 511) * 8);
    CHECK((pdpt_entry & 0x83) == 3);
    const u64 entry = machine.quad((pdpt_entry & ~0xfffULL) + (linear >> 21 & 511) * 8);
    CHECK((entry & 0x87) == 0x83);  // present, writable, supervisor, 2 MiB
    CHECK((entry >> 63) == 0);      // executable
    CHECK((entry & ~0x1fffffULL) + (linear & 0x1fffff) == linear);
  }
  CHECK(machine.quad(0x1008) == 0);
  CHECK(machine.quad(0x2008) == 0);
}

// ---- wrong images --------------------------------------------------------------------------------------------------
struct Wrong {
  const char* name;
  std::vector<std::byte> image;
  const char* says;  // a part of the sentence
};

std::vector<std::byte> patched(std::size_t offset, unsigned bytes, u64 value) {
  auto image = test::build_elf({{0x100000, counting(64)}, {0x200000, counting(64)}}, 0x100000);
  test::poke(image, offset, bytes, value);
  return image;
}

std::vector<std::byte> cut(std::size_t bytes) {
  auto image = patched(0, 1, 0x7f);
  image.resize(bytes);
  return image;
}

TEST_CASE("every wrong image is one sentence that names the file and the trouble") {
  constexpr std::size_t segment0 = 64, segment1 = 64 + 56;
  const std::vector<Wrong> rows = {
      {"nothing", {}, "not an ELF file"},
      {"a text", std::vector<std::byte>(100, std::byte{'x'}), "not an ELF file"},
      {"cut in the header", cut(40), "cut off in its ELF header"},
      {"cut in the program headers", cut(100), "program headers"},
      {"cut in a segment", cut(64 + 112 + 100), "cut off"},
      {"32-bit", patched(4, 1, 1), "64-bit"},
      {"big endian", patched(5, 1, 2), "little endian"},
      {"AArch64", patched(18, 2, 183), "machine 183"},
      {"position-independent", patched(16, 2, 3), "position-independent"},
      {"an object file", patched(16, 2, 1), "no executable"},
      {"a core", patched(16, 2, 4), "no executable"},
      {"no program headers", patched(56, 2, 0), "no program headers"},
      {"odd program headers", patched(54, 2, 32), "32 bytes"},
      {"program headers far away", patched(32, 8, 1ULL << 62), "program headers"},
      {"program headers that wrap", patched(32, 8, ~0ULL - 8), "program headers"},
      {"more program headers than bytes", patched(56, 2, 0xffff), "program headers"},
      {"no PT_LOAD", test::build_elf({{0x100000, counting(4), 0, 4}}, 0x100000), "no PT_LOAD"},
      {"a dynamic loader", test::build_elf({{0x100000, counting(4)}, {0, counting(4), 0, 3}}, 0x100000), "PT_INTERP"},
      {"p_filesz > p_memsz", patched(segment0 + 40, 8, 63), "p_filesz"},
      {"p_filesz > p_memsz = 0", patched(segment0 + 40, 8, 0), "p_filesz"},
      {"segment bytes wrap in the file", patched(segment0 + 8, 8, ~0ULL - 3), "past the end of the file"},
      {"segment past the file", patched(segment1 + 8, 8, 0x100000), "past the end of the file"},
      {"segment in the loader's memory", patched(segment0 + 24, 8, 0xf000), "loader's memory"},
      {"segment at zero", patched(segment0 + 24, 8, 0), "loader's memory"},
      {"segment outside memory", patched(segment1 + 24, 8, memory_bytes), "outside the machine"},
      {"segment across the end of memory", patched(segment1 + 24, 8, memory_bytes - 63), "outside the machine"},
      {"segment as large as the world", patched(segment1 + 40, 8, 1ULL << 63), "outside the machine"},
      {"segment that wraps", patched(segment1 + 40, 8, ~0ULL), "wraps"},
      {"overlap", patched(segment1 + 24, 8, 0x10003f), "overlaps"},
      {"the same place twice", patched(segment1 + 24, 8, 0x100000), "overlaps"},
      {"entry in no segment", patched(24, 8, 0x180000), "entry point"},
      {"entry behind its segment", patched(24, 8, 0x100040), "entry point"},
      {"entry at zero", patched(24, 8, 0), "entry point"},
  };
  for (const Wrong& row : rows) {
    CAPTURE(std::string(row.name));
    Machine machine;
    const auto state = load({"wrong.elf", row.image, {}, 1}, machine.memory);
    REQUIRE_FALSE(state.ok());
    CHECK(state.error().kind == ErrorKind::usage);
    CAPTURE(state.error().sentence);
    CHECK(state.error().sentence.find("wrong.elf") != std::string::npos);
    CHECK(state.error().sentence.find(row.says) != std::string::npos);
    CHECK(state.error().sentence.back() == '.');
  }
  // The image that the rows spoil is good, and so are its borders.
  Machine machine;
  CHECK(load({"good.elf", patched(segment1 + 24, 8, memory_bytes - 64), {}, 1}, machine.memory).ok());
  CHECK(load({"good.elf", patched(segment1 + 24, 8, 0x100040), {}, 1}, machine.memory).ok());
  CHECK(load({"good.elf", patched(24, 8, 0x10003f), {}, 1}, machine.memory).ok());
}

TEST_CASE("a module that does not fit is refused") {
  Machine machine;
  const auto image = test::build_elf({{0x100000, counting(64)}}, 0x100020);
  const std::vector<std::byte> module(memory_bytes - 0x101000 + 1);
  const auto refused = load({"good.elf", image, module, 1}, machine.memory);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().sentence.find("module") != std::string::npos);
  CHECK(load({"good.elf", image, std::span(module).first(module.size() - 1), 1}, machine.memory).ok());
}

TEST_CASE("images with random damage are loaded or refused, and never more") {
  const auto good =
      test::build_elf({{0x100000, counting(300), 5000}, {0x200000, counting(64)}, {0x210000, {}, 64}}, 0x100000);
  std::mt19937_64 random(0xe1f);
  unsigned loaded = 0;
  for (unsigned round = 0; round < 20000; ++round) {
    auto image = good;
    // Mostly in the headers, where it hurts; sizes and offsets near the borders of their types.
    for (unsigned damages = 1 + random() % 3; damages > 0; --damages) {
      static constexpr u64 liked[] = {0, 1, 0xffff, 0xffffffff, ~0ULL, 1ULL << 63, 0x100000, 0x200000, 0xfff};
      const u64 value = random() % 2 ? liked[random() % std::size(liked)] : random();
      const unsigned bytes = 1U << random() % 4;
      const std::size_t room = random() % 4 == 0 ? image.size() : 64 + 3 * 56;
      test::poke(image, random() % (room - 8), bytes, value);
    }
    if (random() % 8 == 0) image.resize(random() % image.size());
    const auto read = read_elf(image, "damaged.elf", loader_bytes, memory_bytes);
    if (!read) {
      REQUIRE(read.error().kind == ErrorKind::usage);
      continue;
    }
    ++loaded;
    for (const ElfSegment& segment : read->segments) {
      REQUIRE(segment.address.value >= loader_bytes);
      REQUIRE(segment.memory_bytes <= memory_bytes - segment.address.value);
      REQUIRE(segment.file_bytes <= segment.memory_bytes);
      REQUIRE(segment.file_bytes <= image.size() - segment.file_offset);
    }
  }
  CHECK(loaded > 100);
}

}  // namespace
}  // namespace trapline::boot
