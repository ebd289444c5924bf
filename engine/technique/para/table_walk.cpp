// Walks of the tables that the processor walks, by the monitor: for the kernel's linear addresses.
#include "mmu/table_format.h"
#include "technique/para/direct_paging.h"

namespace trapline::technique::para {

namespace pte = arch::pte;

u64 DirectPaging::read_table(Hpa place) const {
  if (door_.frames().contains(place)) return door_.frames().read(place);
  return *memory_.load<u64>(door_.guest_address_of(place));
}

// SDM vol. 3, "4-Level Paging". Every page is of 4 KiB here, since large ones are split.
DirectPaging::Walked DirectPaging::walk(Gva address) const {
  Walked walked;
  if (!is_canonical(address.value)) return walked;
  // The metal's own tables need not lie where the monitor can read them.
  if (bits(address.value, 47, 39) == para_abi::hidden_slot) return walked;
  Hpa table(root(true).cr3);
  for (unsigned level = 4; level > 0; --level) {
    const Hpa place = table + mmu::table_index(address.value, level) * 8;
    const u64 entry = read_table(place);
    walked.steps[walked.count++] = {place, entry};
    if (!(entry & pte::present)) return walked;
    table = Hpa(entry & pte::address);
  }
  walked.complete = true;
  return walked;
}

void DirectPaging::set_flags(const Step& step, u64 flags) {
  if ((step.entry & flags) == flags) return;
  if (door_.frames().contains(step.place))
    door_.frames().write(step.place, step.entry | flags);
  else
    memory_.store<u64>(door_.guest_address_of(step.place), step.entry | flags, trace::Writer::monitor);
}

std::optional<Gpa> DirectPaging::reach(Gva address, arch::Access access) const {
  const u64 needed = pte::user | (access == arch::Access::write ? pte::writable : 0);
  const Walked walked = walk(address);
  if (!walked.complete) return std::nullopt;
  for (const Step& step : walked.steps)
    if ((step.entry & needed) != needed) return std::nullopt;
  const Hpa page(walked.steps[3].entry & pte::address);
  if (door_.frames().contains(page)) return std::nullopt;  // the monitor's window is no place for arguments
  const Gpa guest_page = door_.guest_address_of(page);
  if (!guest_page.known()) return std::nullopt;
  return guest_page + address.page_offset();
}

void DirectPaging::touch(Gva address, arch::Access access) {
  const Walked walked = walk(address);
  for (unsigned index = 0; index < 3; ++index) set_flags(walked.steps[index], pte::accessed);
  set_flags(walked.steps[3], pte::accessed | (access == arch::Access::write ? pte::dirty : 0));
}

// What lies in the monitor's part is not in the guest's tables.
bool DirectPaging::maps(Gva address) const {
  const u64 slot = bits(address.value, 47, 39);
  if (slot == para_abi::window_slot || slot == para_abi::hidden_slot) return false;
  return walk(address).complete;
}

}  // namespace trapline::technique::para
