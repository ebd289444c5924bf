#include "technique/para/boot_tables.h"

namespace trapline::technique::para {
namespace {

namespace pte = arch::pte;
constexpr u64 link = pte::present | pte::writable | pte::user | pte::accessed;
constexpr u64 page = link | pte::dirty;

}  // namespace

Result<> BootTables::prepare(const memory::GuestMemory& memory) {
  memory::MonitorFrames& frames = door_.frames();
  const auto take = [&]() -> std::optional<Hpa> {
    const auto frame = frames.take();
    if (frame) tables_.push_back(*frame);
    return frame;
  };
  const auto root = take(), pointers = take(), directory = take();
  bool enough = root && pointers && directory;
  for (u64 number = 0; enough && number < memory.bytes() / page_bytes; ++number) {
    if (number % 512 == 0) {
      const auto table = take();
      enough = table.has_value();
      if (!enough) break;
      leaves_.push_back(*table);
      frames.write(*directory + number / 512 * 8, table->value | link);
    }
    frames.write(leaves_.back() + number % 512 * 8, door_.physical_of(Gpa(number * page_bytes))->value | page);
  }
  if (!enough) return unavailable("para: no frames are left for the tables to begin with; give the guest less memory");
  frames.write(*root, pointers->value | link);
  frames.write(*pointers, directory->value | link);
  return {};
}

void BootTables::set_writable(u64 frame, bool writable) {
  if (!in_use()) return;
  const Hpa place = leaves_[frame / 512] + frame % 512 * 8;
  const u64 entry = door_.frames().read(place);
  door_.frames().write(place, writable ? entry | pte::writable : entry & ~pte::writable);
}

void BootTables::give_back() {
  for (const Hpa table : tables_) door_.frames().give_back(table);
  tables_.clear();
  leaves_.clear();
}

}  // namespace trapline::technique::para
