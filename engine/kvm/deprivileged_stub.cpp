#include "kvm/deprivileged_stub.h"

#include <algorithm>
#include <array>

#include "arch/cpu_state.h"

namespace trapline::kvm {
namespace {

constexpr u64 large_page_bytes = 2ULL << 20;
constexpr u64 directory_bytes = 1ULL << 30;

u64 directories_for(u64 physical_bytes) { return (physical_bytes + directory_bytes - 1) / directory_bytes; }

bool is_code_or_data(u64 descriptor) { return has_bit(descriptor, 44) && has_bit(descriptor, 47); }

constexpr std::array<u8, 2> report{0xe6, Stub::port};                       // out port, al
constexpr std::array<u8, 5> load_root{0x0f, 0x22, 0xd8, 0xe6, Stub::port};  // mov cr3, rax
constexpr std::array<u8, 17> rewrite{0x49, 0x89,      0x00,                 // mov [r8], rax
                                     0x49, 0x89,      0x19,                 // mov [r9], rbx
                                     0x49, 0x89,      0x0a,                 // mov [r10], rcx
                                     0x49, 0x89,      0x13,                 // mov [r11], rdx
                                     0x0f, 0x01,      0x3e,                 // invlpg [rsi]
                                     0xe6, Stub::port};

}  // namespace

bool Stub::take_frames(u64 physical_bytes) {
  if (first_.value != 0) return true;
  const auto pages = frames_.take_run(page_count);
  if (!pages) return false;
  const auto tables = frames_.take_run(3 + directories_for(physical_bytes));
  if (!tables) return false;
  first_ = *pages;
  tables_ = *tables;
  return true;
}

Result<u64> Stub::place(unsigned pml4_slot, u64 physical_bytes) {
  if (pml4_slot == 0 || pml4_slot > 511)
    return usage_error("The hidden range cannot lie in slot " + std::to_string(pml4_slot) +
                       " of the PML4: ask for 1 to 511.");
  const bool fresh = first_.value == 0;
  if (!take_frames(physical_bytes))
    return unavailable("No monitor frames are left for the stub of run_deprivileged: ask for the hidden range first.");
  base_ = sign_extend(static_cast<u64>(pml4_slot) << 39, 48);
  if (fresh) {
    write_tables(physical_bytes);
    write_code();
    set_descriptors({});
  }
  write_gates();
  return tables_.value | arch::pte::present | arch::pte::writable;
}

// All without the user bit; only the pages of code are executable.
void Stub::write_tables(u64 physical_bytes) {
  using namespace arch::pte;
  const auto table = [&](u64 index) { return tables_.value + index * page_bytes; };
  constexpr u64 link = present | writable | accessed;
  frames_.write(Hpa(table(0)), table(1) | link);
  frames_.write(Hpa(table(1)), table(2) | link);
  for (u64 page = 0; page < page_count; ++page) {
    const bool code = page == vectors_page || page == routines_page;
    const u64 rights = code ? present | accessed : present | writable | no_execute | accessed | dirty;
    frames_.write(Hpa(table(2) + page * 8), frame_of(static_cast<Page>(page)).value | rights);
  }
  for (u64 directory = 0; directory < directories_for(physical_bytes); ++directory)
    frames_.write(Hpa(table(0) + (1 + directory) * 8), table(3 + directory) | link);
  for (u64 place = 0; place < physical_bytes; place += large_page_bytes)
    frames_.write(Hpa(table(3) + place / large_page_bytes * 8),
                  place | present | writable | large | no_execute | accessed | dirty);
}

void Stub::write_code() {
  const auto put = [&](Hpa where, std::span<const u8> code) { frames_.write_bytes(where, std::as_bytes(code)); };
  for (u64 vector = 0; vector < 256; ++vector) put(Hpa(frame_of(vectors_page).value + vector * vector_bytes), report);
  const u64 routines = frame_of(routines_page).value;
  put(Hpa(routines), report);
  put(Hpa(routines + 0x10), load_root);
  put(Hpa(routines + 0x20), rewrite);
}

// What holds linear addresses: gates, TSS, and the descriptor of the TSS (SDM vol. 3, "64-Bit IDT Gate Descriptors",
// "64-Bit TSS", "TSS Descriptor in 64-bit mode").
void Stub::write_gates() {
  for (u64 vector = 0; vector < 256; ++vector) {
    const u64 entry = at(vectors_page) + vector * vector_bytes;
    const u64 low = bits(entry, 15, 0) | static_cast<u64>(code_selector) << 16 | 1ULL << 32 | 0x8eULL << 40 |
                    bits(entry, 31, 16) << 48;
    frames_.write(Hpa(frame_of(idt_page).value + vector * 16), low);
    frames_.write(Hpa(frame_of(idt_page).value + vector * 16 + 8), entry >> 32);
  }
  const u64 own_task = frame_of(tables_page).value + task_offset;
  frames_.write(Hpa(own_task + 4), stack_top());     // RSP0
  frames_.write(Hpa(own_task + 0x24), stack_top());  // IST1
  frames_.write(Hpa(own_task + 0x66), 0x68, 2);      // no I/O bitmap
  const u64 gdt = frame_of(tables_page).value;
  frames_.write(Hpa(gdt + code_selector), 0x00af9b000000ffff);
  frames_.write(Hpa(gdt + task_selector),
                0x67 | bits(task(), 23, 0) << 16 | 0x8bULL << 40 | bits(task(), 31, 24) << 56);
  frames_.write(Hpa(gdt + task_selector + 8), task() >> 32);
}

void Stub::set_descriptors(std::span<const u64> descriptors) {
  for (u64 index = 0; index < most_descriptors; ++index) {
    const u64 given = index != 0 && index < descriptors.size() ? descriptors[index] : 0;
    frames_.write(Hpa(frame_of(tables_page).value + index * 8), is_code_or_data(given) ? given : 0);
  }
}

Stub::Reported Stub::reported(u64 rip) const {
  const u64 place = rip - base_;
  if (place / page_bytes == vectors_page) return {Report::vector, static_cast<u8>(place % page_bytes / vector_bytes)};
  if (place / page_bytes != routines_page) return {};
  return {place % page_bytes < 0x10 ? Report::system_call : Report::routine, 0};
}

std::optional<Stub::Frame> Stub::frame(u64 rsp) const {
  const u64 bytes = stack_top() - rsp;
  if (bytes != 40 && bytes != 48) return std::nullopt;
  Hpa place(frame_of(stack_page).value + (rsp - at(stack_page)));
  const auto pop = [&] {
    const u64 value = frames_.read(place);
    place = Hpa(place.value + 8);
    return value;
  };
  Frame frame;
  frame.has_error_code = bytes == 48;
  if (frame.has_error_code) frame.error_code = pop();
  frame.rip = pop();
  frame.cs = pop();
  frame.rflags = pop();
  frame.rsp = pop();
  frame.ss = pop();
  return frame;
}

}  // namespace trapline::kvm
