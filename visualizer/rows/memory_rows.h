// One page of memory around an address, as bytes or as what lies in it: page-table entries, descriptors, the
// descriptors of a virtqueue. Bytes that the trace does not tell are unknown.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "views/subject.h"
#include "visualizer/model/desk.h"

namespace trapline::window {

enum class Overlay : u8 { automatic, bytes, page_table, ept_table, descriptors, virtqueue, count_ };

struct MemoryRow {
  u64 offset = 0;      // in the page
  unsigned count = 0;  // bytes of this row, at most 16
  std::array<std::optional<u8>, 16> bytes;
  std::string meaning;         // of the whole row; for bytes: their letters
  std::optional<u64> told_at;  // the last event that told one of the bytes
  bool changed = false;        // told since the previous stop
  bool selected = false;       // holds the subject's first byte
};

struct MemoryRows {
  bool asked = false;       // an address is selected, or the event under the cursor has one
  views::Subject place;     // which
  std::optional<u64> page;  // host-physical; nothing where no event tells where the address lies
  Overlay overlay = Overlay::bytes;
  unsigned level = 0;       // of a page table, where a walk told it; 0: not known
  std::optional<u64> walk;  // the reference that told so
  std::vector<MemoryRow> rows;
  std::size_t known = 0;  // bytes
  bool records_accesses = false;
};

// `question.first` is the overlay that was chosen.
MemoryRows memory_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

// A segment or gate descriptor of 8 bytes, in words: SDM vol. 3, "Segment Descriptors", "64-Bit Mode IDT".
std::string descriptor_text(u64 value);

}  // namespace trapline::window
