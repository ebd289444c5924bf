#include "technique/para/window.h"

#include <algorithm>

namespace trapline::technique::para {
namespace {

namespace pte = arch::pte;

// Of the tables: rights are the leaf's business. All flags that walks would set are set, so that nothing here changes.
constexpr u64 link = pte::present | pte::writable | pte::user | pte::accessed;
constexpr u64 constant_page = pte::present | pte::user | pte::accessed | pte::dirty | pte::no_execute;
constexpr u64 data_page = constant_page | pte::writable;
constexpr u64 numbers_per_frame = page_bytes / sizeof(u32);

Error no_frames() {
  return unavailable("para: no frames are left for the monitor's range; give the guest less memory");
}

}  // namespace

// The two halves of the window: pages of 4 KiB at its begin, frame numbers from 1 GiB on.
Result<> Window::prepare(const memory::GuestMemory& memory) {
  memory::MonitorFrames& frames = door_.frames();
  const auto tables = frames.take_run(6);
  if (!tables) return no_frames();
  const Hpa pointers = *tables, low = *tables + page_bytes, high = *tables + 2 * page_bytes,
            pages = *tables + 3 * page_bytes;
  shared_ = *tables + 4 * page_bytes;
  clock_ = *tables + 5 * page_bytes;
  frames.write(pointers, low.value | link);
  frames.write(pointers + 8, high.value | link);
  frames.write(low, pages.value | link);
  frames.write(pages, shared_.value | data_page);
  frames.write(pages + 8, clock_.value | constant_page);
  pml4_entry_ = pointers.value | link;
  share(offsetof(para_abi::SharedPage, abi_version), para_abi::version);
  open_events(false);
  return map_frame_numbers(memory, high);
}

Result<> Window::map_frame_numbers(const memory::GuestMemory& memory, Hpa directory) {
  std::vector<u32> numbers;
  for (u64 page = 0; page < memory.bytes() / page_bytes; ++page) {
    const u64 frame = door_.physical_of(Gpa(page * page_bytes))->page_number();
    if (frame >= numbers.size()) numbers.resize(frame + 1, para_abi::not_the_guests);
    numbers[frame] = static_cast<u32>(page);
  }
  numbers.resize((numbers.size() + numbers_per_frame - 1) / numbers_per_frame * numbers_per_frame,
                 para_abi::not_the_guests);
  memory::MonitorFrames& frames = door_.frames();
  std::optional<Hpa> table;
  for (u64 index = 0; index < numbers.size() / numbers_per_frame; ++index) {
    if (index % 512 == 0) {
      table = frames.take();
      if (!table) return no_frames();
      frames.write(directory + index / 512 * 8, table->value | link);
    }
    const auto frame = frames.take();
    if (!frame) return no_frames();
    frames.write_bytes(*frame, std::as_bytes(std::span(numbers).subspan(index * numbers_per_frame, numbers_per_frame)));
    frames.write(*table + index % 512 * 8, frame->value | constant_page);
  }
  return {};
}

void Window::tell_time(u64 nanoseconds) { door_.frames().write(clock_, nanoseconds); }

}  // namespace trapline::technique::para
