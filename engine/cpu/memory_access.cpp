// Memory accesses that leave the fast path: canonical check, translation page by page, and then the bytes.
//
// Both pages of an access that crosses a boundary are translated before anything is read or written, so a fault leaves
// nothing half done. An access is recorded as one event for each page that it touches.
#include "cpu/cpu.h"

namespace trapline::cpu {
namespace {

u64 load_bytes_of(const std::byte* from, unsigned size) {
  u64 value = 0;
  std::memcpy(&value, from, size);
  return value;
}

unsigned bytes_in_first_page(u64 linear, unsigned size) {
  return static_cast<unsigned>(std::min<u64>(size, page_bytes - (linear & (page_bytes - 1))));
}

}  // namespace

bool Cpu::check_linear(u64 linear, unsigned size, arch::SegmentRegister segment, Privilege privilege) {
  // SDM vol. 3, "General-Protection Exception" and "Stack Fault Exception": memory references in non-canonical form.
  if (!is_canonical(linear) || !is_canonical(linear + size - 1)) {
    set_pending(Verdict::fault, arch::fault(segment == arch::ss ? arch::vector::ss : arch::vector::gp, 0));
    return false;
  }
  if (checks_alignment() && privilege == Privilege::current && size <= 8 && (linear & (size - 1)) != 0) {
    set_pending(Verdict::fault, arch::fault(arch::vector::ac, 0));
    return false;
  }
  return true;
}

bool Cpu::translate(u64 linear, arch::Access access, Privilege privilege, Translation& translation) {
  const bool user = cpl_ == 3 && privilege == Privilege::current;
  translation = ports_.translate(Gva(linear), access, user);
  if (translation.verdict == Verdict::proceed) return true;
  set_pending(translation.verdict, translation.fault);
  return false;
}

bool Cpu::find_pages(const Op* op, u64 linear, unsigned size, arch::Access access, arch::SegmentRegister segment,
                     Privilege privilege, Modifying& pages) {
  synchronize(op);
  if (!check_linear(linear, size, segment, privilege)) return false;
  pages.linear = linear;
  pages.size = size;
  pages.first_size = bytes_in_first_page(linear, size);
  if (!translate(linear, access, privilege, pages.pages[0])) return false;
  if (pages.first_size < size) {
    if (!translate(linear + pages.first_size, access, privilege, pages.pages[1])) return false;
    // The second walk may have put a mark on the first page's frame: write both through the pins.
    pages.pages[0].cacheable = pages.pages[1].cacheable = false;
  }
  if (privilege == Privilege::current) {
    const bool writes = access == arch::Access::write;
    remember(writes ? hot.write_pages : hot.read_pages, writes ? hot.write_key : hot.read_key, linear, pages.pages[0]);
  }
  return true;
}

void Cpu::remember(FastPage* pages, u64 key, u64 linear, const Translation& translation) {
  if (!translation.cacheable || !translation.host_page || checks_alignment()) return;
  const u64 page = linear & ~(page_bytes - 1);
  pages[(linear >> page_bits) & hot.page_mask] = {page | key, reinterpret_cast<u64>(translation.host_page) - page};
}

u64 Cpu::read_piece(const Translation& from, u64 linear, unsigned size) {
  const u64 value = from.host_page ? load_bytes_of(from.host_page + (linear & (page_bytes - 1)), size)
                                   : ports_.read_mmio(from.gpa, size) & low_bytes_mask(size);
  if (bus_.records(trace::Level::memory))
    bus_.emit(trace::MemoryAccess{linear, from.hpa.value, value, static_cast<u8>(size),
                                  static_cast<u8>(trace::AccessKind::read)});
  return value;
}

void Cpu::write_piece(const Translation& to, u64 linear, unsigned size, u64 value) {
  value &= low_bytes_mask(size);
  if (bus_.records(trace::Level::memory))
    bus_.emit(trace::MemoryAccess{linear, to.hpa.value, value, static_cast<u8>(size),
                                  static_cast<u8>(trace::AccessKind::write)});
  if (!to.host_page)
    ports_.write_mmio(to.gpa, size, value);
  else if (to.cacheable)
    std::memcpy(to.host_page + (linear & (page_bytes - 1)), &value, size);
  else
    ports_.write_watched(to.hpa, size, value);
}

u64 Cpu::read_pages(const Modifying& from) {
  const u64 low = read_piece(from.pages[0], from.linear, from.first_size);
  if (from.first_size == from.size) return low;
  const u64 high = read_piece(from.pages[1], from.linear + from.first_size, from.size - from.first_size);
  return low | high << (8 * from.first_size);
}

void Cpu::write_pages(const Modifying& to, u64 value) {
  write_piece(to.pages[0], to.linear, to.first_size, value);
  if (to.first_size == to.size) return;
  write_piece(to.pages[1], to.linear + to.first_size, to.size - to.first_size, value >> (8 * to.first_size));
}

Loaded Cpu::load_slow(const Op* op, u64 linear, unsigned size, arch::SegmentRegister segment, Privilege privilege) {
  Modifying pages;
  if (!find_pages(op, linear, size, arch::Access::read, segment, privilege, pages)) return {};
  return {read_pages(pages), true};
}

bool Cpu::store_slow(const Op* op, u64 linear, unsigned size, u64 value, arch::SegmentRegister segment,
                     Privilege privilege) {
  Modifying pages;
  if (!find_pages(op, linear, size, arch::Access::write, segment, privilege, pages)) return false;
  write_pages(pages, value);
  return true;
}

Loaded Cpu::load_to_modify(const Op* op, u64 linear, unsigned size, arch::SegmentRegister segment) {
  if (!find_pages(op, linear, size, arch::Access::write, segment, Privilege::current, modifying_)) return {};
  return {read_pages(modifying_), true};
}

void Cpu::store_back(u64 value) { write_pages(modifying_, value); }

bool Cpu::load_bytes(const Op* op, u64 linear, std::byte* into, unsigned size, arch::SegmentRegister segment,
                     Privilege privilege) {
  Modifying pages;
  if (!find_pages(op, linear, size, arch::Access::read, segment, privilege, pages)) return false;
  for (unsigned done = 0; done < size;) {
    const bool in_second = done >= pages.first_size;
    const unsigned end = in_second ? size : pages.first_size;
    const unsigned piece = std::min(end - done, 8U);
    Translation from = pages.pages[in_second];
    const unsigned moved = in_second ? done - pages.first_size : done;
    from.gpa = from.gpa + moved;
    from.hpa = from.hpa + moved;
    const u64 value = read_piece(from, linear + done, piece);
    std::memcpy(into + done, &value, piece);
    done += piece;
  }
  return true;
}

bool Cpu::probe_write(const Op* op, u64 linear, unsigned size, arch::SegmentRegister segment, Privilege privilege) {
  Modifying pages;
  return find_pages(op, linear, size, arch::Access::write, segment, privilege, pages);
}

}  // namespace trapline::cpu
