#include "boot/loader.h"

#include <array>
#include <vector>

#include "boot/elf.h"
#include "spec/para_abi.h"

namespace trapline::boot {
namespace {

constexpr Gpa gdt(0x500), task_state(0x580), pml4(0x1000), pdpt(0x2000), page_directory(0x3000), boot_info(0x7000);
constexpr u64 boot_stack = 0x9000;
constexpr u16 code_selector = 0x08, data_selector = 0x10, task_selector = 0x18;
constexpr u16 task_limit = 0x67;

// Segment descriptors (SDM vol. 3, "Segment Descriptors"): flat, present, accessed, DPL 0.
constexpr u64 code_descriptor = 0x00af9b000000ffff, data_descriptor = 0x00cf93000000ffff;
constexpr u64 busy_task_type = 0x8b;

// The same in the VMX access-rights format of arch::Segment.
constexpr u32 code_rights = 0xa09b, data_rights = 0xc093, task_rights = 0x8b;

struct BootInfo {  // guest-kernels/common/boot_info.h
  u64 magic = 0x4f464e4950415254;
  u64 memory_bytes, seed, module_base, module_bytes;
};

struct DescriptorTable {
  u64 null = 0, code = code_descriptor, data = data_descriptor;
  // "TSS Descriptor in 64-bit Mode": 16 bytes, base and limit in pieces.
  u64 task_low =
      task_limit | (task_state.value & 0xffffff) << 16 | busy_task_type << 40 | (task_state.value >> 24 & 0xff) << 56;
  u64 task_high = task_state.value >> 32;
};

// Linear 0 to 1 GiB onto itself with 2 MiB pages.
bool write_page_tables(memory::GuestMemory& memory) {
  using namespace arch::pte;
  constexpr u64 table = present | writable;
  std::array<u64, 512> entries{};
  entries[0] = pdpt.value | table;
  bool fits = memory.store(pml4, entries);
  entries[0] = page_directory.value | table;
  fits = fits && memory.store(pdpt, entries);
  for (u64 i = 0; i < entries.size(); ++i) entries[i] = i << 21 | present | writable | large;
  return fits && memory.store(page_directory, entries);
}

bool write_segment(memory::GuestMemory& memory, const ElfSegment& segment, std::span<const std::byte> image) {
  if (!memory.write(segment.address, image.subspan(segment.file_offset, segment.file_bytes))) return false;
  const std::vector<std::byte> zeroes(segment.memory_bytes - segment.file_bytes);
  return zeroes.empty() || memory.write(segment.address + segment.file_bytes, zeroes);
}

arch::CpuState state_at(u64 entry) {
  arch::CpuState state;
  state.rip = entry;
  state.gpr[arch::rsp] = boot_stack;
  state.gpr[arch::rdi] = boot_info.value;
  state.segments.fill({data_selector, data_rights, 0xffffffff, 0});
  state.segments[arch::cs] = {code_selector, code_rights, 0xffffffff, 0};
  state.tr = {task_selector, task_rights, task_limit, task_state.value};
  state.gdtr = {gdt.value, sizeof(DescriptorTable) - 1};
  state.cr0 = arch::cr0::pe | arch::cr0::et | arch::cr0::ne | arch::cr0::wp | arch::cr0::pg;
  state.cr3 = pml4.value;
  state.cr4 = arch::cr4::pae;
  state.efer = arch::efer::lme | arch::efer::lma | arch::efer::nxe | arch::efer::sce;
  return state;
}

// A kernel built for the other kind of machine would die at its first privileged instruction, or hypercall.
Result<> check_build(const Guest& guest, const ElfImage& image) {
  if (guest.paravirtual && !image.para_abi)
    return usage_error("Guest image " + guest.name +
                       " is built for the bare machine: technique para needs a kernel that makes hypercalls and says "
                       "so by a note named Trapline; choose full or hardware, or build it so.");
  if (guest.paravirtual && *image.para_abi != para_abi::version)
    return usage_error("Guest image " + guest.name + " is built for version " + std::to_string(*image.para_abi) +
                       " of the hypercall ABI and this program has version " + std::to_string(para_abi::version) +
                       ": build it again.");
  if (!guest.paravirtual && image.para_abi)
    return usage_error("Guest image " + guest.name +
                       " is built for technique para and knows nothing of the bare machine: choose --technique para.");
  return {};
}

}  // namespace

Result<arch::CpuState> load(const Guest& guest, memory::GuestMemory& memory) {
  Result<ElfImage> image = read_elf(guest.image, guest.name, loader_bytes, memory.bytes());
  if (!image) return image.error();
  if (Result<> checked = check_build(guest, *image); !checked) return checked.error();
  if (image->entry >= mapped_bytes)
    return usage_error("Guest image " + guest.name +
                       " has its entry point above 1 GiB, which the boot page tables do not map: link it lower.");
  const Gpa module_base = (image->end + (page_bytes - 1)).page();
  if (!guest.module.empty() && !memory.contains(module_base, guest.module.size()))
    return usage_error("The boot module of " + std::to_string(guest.module.size()) +
                       " bytes does not fit above guest " + guest.name + " in " + std::to_string(memory.bytes()) +
                       " bytes of memory: give the run more memory.");
  const bool with_module = !guest.module.empty();
  const BootInfo info{.memory_bytes = memory.bytes(),
                      .seed = guest.seed,
                      .module_base = with_module ? module_base.value : 0,
                      .module_bytes = guest.module.size()};
  bool fits = write_page_tables(memory) && memory.store(gdt, DescriptorTable{}) &&
              memory.store(task_state, std::array<std::byte, task_limit + 1>{}) && memory.store(boot_info, info);
  for (const ElfSegment& segment : image->segments) fits = fits && write_segment(memory, segment, guest.image);
  if (with_module) fits = fits && memory.write(module_base, guest.module);
  if (!fits)
    return usage_error("A machine of " + std::to_string(memory.bytes()) +
                       " bytes cannot hold the loader's own 64 KiB: give the run more memory.");
  return state_at(image->entry);
}

}  // namespace trapline::boot
