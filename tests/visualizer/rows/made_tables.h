// Tables in a lane made by hand: frames as keyframe parts, and writes to them.
#pragma once

#include <array>

#include "base/address.h"
#include "base/tag.h"
#include "tests/visualizer/rows/made_lane.h"

namespace trapline::window {

struct MadeTables : MadeLane {
  // A watched frame whose first entries are these.
  u64 page(u64 address, std::initializer_list<u64> first_entries) {
    std::array<u64, 512> entries{};
    std::copy(first_entries.begin(), first_entries.end(), entries.begin());
    bus.emit_with_blob(trace::Keyframe{0, tag("PAGE"), address}, std::as_bytes(std::span(entries)));
    return next++;
  }
  u64 write(trace::Dimension dimension, trace::Writer writer, u64 hpa, u64 old_value, u64 value) {
    return emit(trace::TableWrite{static_cast<u8>(dimension), static_cast<u8>(writer), 8, unknown_address, hpa,
                                  old_value, value});
  }
  // A walk that names its roots; its one reference is the guest's PML4E.
  void walk(u64 gva, u64 root, u64 ept_pointer, u64 entry_gpa, u64 entry_hpa) {
    emit(trace::WalkBegin{gva, unknown_address, 0, 0, root, ept_pointer, 0});
    emit(trace::WalkReference{0, 4, 0, 4, entry_gpa, entry_hpa, 0});
  }
};

// Guest tables at GPA 0x0 to 0x3fff, EPT tables at HPA 0x10000: GPA page n lies at HPA 0x20000 + n pages, eight of
// them.
struct MadeHardware : MadeTables {
  MadeHardware() {
    header(trace::Technique::hardware);
    page(0x10000, {0x11007});
    page(0x11000, {0x12007});
    page(0x12000, {0x13007});
    page(0x13000, {0x20037, 0x21037, 0x22037, 0x23037, 0x24037, 0x25037, 0x26035, 0x27037});
    page(0x20000, {0x1007});
    page(0x21000, {0x2007});
    page(0x22000, {0x3007});
    page(0x23000, {0x4005, 0x5007, 0});
    walk(0x1234, 0, 0x1001e, 0, 0x20000);
  }
};

}  // namespace trapline::window
