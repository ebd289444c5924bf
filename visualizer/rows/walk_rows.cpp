// References go into the grid in the order of the trace; what a place in the grid lacks follows from its neighbours.
#include "visualizer/rows/walk_rows.h"

#include <algorithm>

#include "base/address.h"
#include "base/bits.h"
#include "visualizer/rows/entry_words.h"
#include "visualizer/words/words.h"

namespace trapline::window {

namespace {

using trace::Dimension;
using trace::Source;

constexpr u64 address_mask = bit_mask(51, 12);

bool of_ept(const trace::WalkReference& reference) { return reference.dimension == static_cast<u8>(Dimension::ept); }
bool from(const trace::WalkReference& reference, Source source) { return reference.source == static_cast<u8>(source); }

u64 page_mask(unsigned level) { return level >= 1 && level <= 3 ? ~bit_mask(12 + 9 * (level - 1) - 1, 0) : ~0xfffULL; }

u64 index_at(u64 address, unsigned level) { return (address >> (12 + 9 * (level - 1))) & 511; }

// ---- the references ----------------------------------------------------------------------------------------------
// What the entries of one dimension grant together, from the first one of a run on.
struct Grants {
  u64 all = ~0ULL, any = 0;
  bool at_most = false;

  void begin(bool cached) { *this = {~0ULL, 0, cached}; }
  void take(u64 value) {
    all &= value;
    any |= value;
  }
};

// Follows the two dimensions, so that each reference can say what it is for.
class Follower {
 public:
  explicit Follower(const trace::WalkBegin& begin) : begin_(begin), table_(begin.root & address_mask) {}

  void take(WalkReferenceRow& row) {
    const trace::WalkReference& reference = row.reference;
    row.translates = unknown_address;
    if (of_ept(reference)) {
      row.translates = wanted(reference.for_level);
      const bool goes_on = in_ept_ && reference.for_level == ept_for_ && reference.level < ept_level_;
      if (!goes_on) ept_.begin(!from(reference, Source::memory));
      in_ept_ = true;
      ept_for_ = reference.for_level;
      ept_level_ = reference.level;
      say(row, ept_);
    } else {
      const bool goes_on = seen_guest_ && reference.level < guest_level_;
      if (!goes_on) guest_.begin(!from(reference, Source::memory));
      seen_guest_ = true;
      guest_level_ = reference.level;
      guest_value_ = reference.value;
      table_ = reference.value & address_mask;
      in_ept_ = false;
      say(row, guest_);
    }
  }

 private:
  // The guest-physical address that EPT is asked for.
  u64 wanted(unsigned for_level) const {
    if (begin_.gva == unknown_address) return begin_.gpa;
    if (for_level == 0) {
      if (!seen_guest_) return begin_.root == 0 ? begin_.gva : unknown_address;
      const u64 page = page_mask(guest_level_);
      return (guest_value_ & address_mask & page) | (begin_.gva & ~page);
    }
    const bool next = for_level <= 4 && (seen_guest_ ? for_level + 1 == guest_level_ : for_level == 4);
    return next ? table_ + 8 * index_at(begin_.gva, for_level) : unknown_address;
  }
  static void say(WalkReferenceRow& row, Grants& grants) {
    grants.take(row.reference.value);
    row.rights_at_most = grants.at_most;
    row.rights = rights_text(of_ept(row.reference), grants.all, grants.any);
  }

  const trace::WalkBegin& begin_;
  u64 table_;
  bool seen_guest_ = false, in_ept_ = false;
  unsigned guest_level_ = 5, ept_level_ = 5, ept_for_ = 0;
  u64 guest_value_ = 0;
  Grants guest_, ept_;
};

void describe_references(WalkRows& rows) {
  Follower follower(rows.walk.begin);
  for (std::size_t i = 0; i < rows.walk.references.size(); ++i) {
    WalkReferenceRow row;
    row.number = i + 1;
    row.sequence = rows.walk.sequences[i];
    row.reference = rows.walk.references[i];
    row.form = form_name(row.reference.dimension, row.reference.level);
    for (const EntryBit& bit : entry_bits(of_ept(row.reference), row.reference.level, row.reference.value))
      row.bits.push_back({bit.name, bit.set, bit.meaning});
    row.memory_type = memory_type_of(of_ept(row.reference), row.reference.level, row.reference.value);
    follower.take(row);
    rows.references.push_back(std::move(row));
  }
}

// ---- the grid ----------------------------------------------------------------------------------------------------
// Where a reference stands, or nothing where no grid has a place for it.
struct Place {
  std::size_t line = 0, column = 0;
};
std::optional<Place> place_of(const WalkRows& rows, const trace::WalkReference& reference) {
  if (reference.level < 1 || reference.level > 4 || reference.dimension > static_cast<u8>(Dimension::shadow))
    return std::nullopt;
  if (!rows.two_dimensions) return Place{0, 4U - reference.level};
  const unsigned guest_level = of_ept(reference) ? reference.for_level : reference.level;
  if (guest_level > 4) return std::nullopt;
  const std::size_t last = rows.lines.size() - 1;  // line of the page itself
  if (guest_level > last) return std::nullopt;
  return Place{last - guest_level, of_ept(reference) ? 4U - reference.level : 4U};
}

void make_grid(WalkRows& rows, const Words& words) {
  const bool shadow = std::any_of(rows.walk.references.begin(), rows.walk.references.end(), [](const auto& reference) {
    return reference.dimension == static_cast<u8>(Dimension::shadow);
  });
  const u8 own = static_cast<u8>(shadow ? Dimension::shadow : Dimension::guest);
  const std::string page(words(Text::walk_page));
  if (!rows.two_dimensions) {
    for (u8 level = 4; level > 0; --level) rows.columns.push_back(form_name(own, level));
    rows.columns.push_back(page);
    rows.lines.push_back({std::string(words(shadow ? Text::walk_shadow_tables : Text::walk_guest_tables)), {}});
  } else {
    for (u8 level = 4; level > 0; --level) rows.columns.push_back(form_name(static_cast<u8>(Dimension::ept), level));
    rows.columns.emplace_back(words(Text::walk_guest_entry));
    // While paging is off the linear address is guest-physical already.
    const bool paging = rows.walk.begin.gva != unknown_address && rows.walk.begin.root != 0;
    for (u8 level = paging ? 4 : 0; level > 0; --level) rows.lines.push_back({form_name(own, level), {}});
    rows.lines.push_back({page, {}});
  }
  for (WalkLine& line : rows.lines) line.slots.resize(rows.columns.size());
}

// A walk goes down; where it goes up again it has begun again.
void find_attempts(WalkRows& rows) {
  std::optional<Place> before;
  for (u32 i = 0; i < rows.references.size(); ++i) {
    const auto place = place_of(rows, rows.references[i].reference);
    if (!place) {
      rows.as_list = true;
      return;
    }
    const bool up = before && (place->line < before->line || (!rows.two_dimensions && place->column <= before->column));
    if (!before || up) rows.attempts.push_back({i, i});
    rows.attempts.back().end = i + 1;
    before = place;
  }
  if (rows.attempts.size() > 4) rows.as_list = true;
  if (rows.attempts.empty()) return;
  rows.attempt = rows.attempts.size() - 1;
  while (!rows.whole && rows.attempt > 0 && rows.attempts[rows.attempt].first >= rows.known) --rows.attempt;
}

void fill_grid(WalkRows& rows) {
  if (rows.attempts.empty()) return;
  const WalkAttempt attempt = rows.attempts[rows.attempt];
  for (u32 i = attempt.first; i < attempt.end; ++i) {
    const auto place = place_of(rows, rows.references[i].reference);
    auto& slot = rows.lines[place->line].slots[place->column].references;
    slot.push_back(i);
    if (slot.size() > 3) rows.as_list = true;
  }
}

// Of the reference under the cursor, in slots from the first one on.
std::optional<std::size_t> last_known_place(const WalkRows& rows) {
  if (rows.known == 0) return std::nullopt;
  const auto place = place_of(rows, rows.references[rows.known - 1].reference);
  return place ? std::optional(place->line * rows.columns.size() + place->column) : std::nullopt;
}

bool used_in_line(const WalkRows& rows, const WalkLine& line, std::size_t first) {
  return std::any_of(line.slots.begin() + static_cast<std::ptrdiff_t>(first), line.slots.end(), [&](const auto& slot) {
    return !slot.references.empty() && slot.references.front() < rows.known;
  });
}

WalkGap gap_of(const WalkRows& rows, std::size_t line, std::size_t column, bool passed) {
  if (!passed && !rows.whole) return WalkGap::not_yet;
  const WalkLine& own = rows.lines[line];
  const bool is_page = line + 1 == rows.lines.size() && column + 1 == rows.columns.size();
  const bool translated = rows.walk.end && rows.walk.end->outcome == static_cast<u8>(trace::WalkOutcome::translated);
  if (is_page) return rows.whole && translated ? WalkGap::none : WalkGap::not_reached;
  const bool before_here = std::any_of(own.slots.begin(), own.slots.begin() + static_cast<std::ptrdiff_t>(column),
                                       [](const auto& slot) { return !slot.references.empty(); });
  if (used_in_line(rows, own, column)) return before_here ? WalkGap::large_page : WalkGap::cached;
  bool above = false, below = false;
  for (std::size_t i = 0; i < rows.lines.size(); ++i) {
    if (i < line) above = above || used_in_line(rows, rows.lines[i], 0);
    if (i > line) below = below || used_in_line(rows, rows.lines[i], 0);
  }
  if (rows.two_dimensions && below) return above || before_here ? WalkGap::large_page : WalkGap::cached;
  const bool nothing_here = !used_in_line(rows, own, 0);
  if (!rows.two_dimensions && translated) return nothing_here ? WalkGap::cached : WalkGap::large_page;
  if (translated) return before_here ? WalkGap::large_page : WalkGap::cached;
  return WalkGap::not_reached;
}

void find_gaps(WalkRows& rows) {
  const auto last = last_known_place(rows);
  for (std::size_t line = 0; line < rows.lines.size(); ++line)
    for (std::size_t column = 0; column < rows.columns.size(); ++column) {
      WalkSlot& slot = rows.lines[line].slots[column];
      const bool known = !slot.references.empty() && slot.references.front() < rows.known;
      if (known) continue;
      const bool passed = last && line * rows.columns.size() + column < *last;
      slot.gap = gap_of(rows, line, column, passed);
    }
}

// ---- the address -------------------------------------------------------------------------------------------------
std::vector<AddressPart> parts_of(u64 address, bool ept, const Words& words) {
  static constexpr const char* names[] = {"", "PT", "PD", "PDPT", "PML4"};
  std::vector<AddressPart> parts;
  for (unsigned level = 4; level > 0; --level) {
    const unsigned low = 12 + 9 * (level - 1);
    parts.push_back({(ept ? "EPT " : "") + std::string(names[level]), low + 8, low, index_at(address, level), false});
  }
  parts.push_back({std::string(words(Text::walk_offset)), 11, 0, address & 0xfff, false});
  return parts;
}

void split_address(WalkRows& rows, const Words& words) {
  rows.physical_address = unknown_address;
  if (rows.walk.begin.gva != unknown_address) rows.linear = parts_of(rows.walk.begin.gva, false, words);
  if (rows.known == 0 || rows.whole) return;
  const WalkReferenceRow& now = rows.references[rows.known - 1];
  const unsigned level = now.reference.level;
  if (level < 1 || level > 4) return;
  if (of_ept(now.reference)) {
    rows.physical_address = now.translates;
    if (rows.physical_address == unknown_address) return;
    rows.physical = parts_of(rows.physical_address, true, words);
    rows.physical[4 - level].used = true;
    const unsigned guest_level = now.reference.for_level;
    if (!rows.linear.empty() && guest_level <= 4) rows.linear[4 - guest_level].used = true;
  } else if (!rows.linear.empty()) {
    rows.linear[4 - level].used = true;
  }
}

}  // namespace

WalkRows walk_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  WalkRows rows;
  const Words words(question.language);
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr || interrupt) return rows;
  auto walk = views::walk_at(lane->source(), question.at.sequence);
  if (!walk) {
    const bool recorded = lane->facts().records(trace::Level::mmu) || !lane->facts().header;
    rows.nothing = words(recorded ? Text::walk_none_yet : Text::walk_not_recorded);
    return rows;
  }
  rows.walk = std::move(*walk);
  const u64 at = question.at.sequence;
  rows.behind = at > rows.walk.last;
  rows.whole = at >= rows.walk.last && (rows.walk.end || rows.behind || at == rows.walk.last);
  describe_references(rows);
  rows.known = rows.whole
                   ? rows.references.size()
                   : static_cast<u64>(std::upper_bound(rows.walk.sequences.begin(), rows.walk.sequences.end(), at) -
                                      rows.walk.sequences.begin());
  rows.two_dimensions =
      rows.walk.begin.ept_pointer != 0 || std::any_of(rows.walk.references.begin(), rows.walk.references.end(), of_ept);
  make_grid(rows, words);
  find_attempts(rows);
  if (!rows.as_list) fill_grid(rows);
  if (!rows.as_list) find_gaps(rows);
  split_address(rows, words);
  build_outcome(rows, question.language);
  return rows;
}

}  // namespace trapline::window
