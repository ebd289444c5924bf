// What a walk ends with, bit by bit: SDM vol. 3, "Page-Fault Exceptions" and "Exit Qualification for EPT Violations".
// The value of a bit is the recorded one; which reference decided it follows from the entries.
#include <algorithm>

#include "base/address.h"
#include "base/bits.h"
#include "base/hex.h"
#include "visualizer/rows/entry_words.h"
#include "visualizer/rows/walk_rows.h"
#include "visualizer/words/words.h"

namespace trapline::window {

namespace {

using trace::AccessKind;
using trace::WalkOutcome;

bool of_ept(const WalkReferenceRow& row) { return row.reference.dimension == static_cast<u8>(trace::Dimension::ept); }

// Builds the bits of one code, each with its reason.
class Builder {
 public:
  Builder(WalkRows& rows, const Words& words) : rows_(rows), words_(words), access_(rows.walk.begin.access) {}

  void page_fault() {
    rows_.code = words_(Text::walk_error_code);
    const u64 last = last_of(false);
    const bool present = code() & 1;
    const bool reserved = code() & 8;
    const u64 taker = present && !reserved ? taker_of_right() : 0;
    add(0, "P", last, !present ? Text::walk_p_clear : reserved ? Text::walk_p_reserved : Text::walk_p_set, last);
    add(1, "W/R", 0, code() & 2 ? Text::walk_w_set : Text::walk_w_clear, 0);
    add(2, "U/S", 0, code() & 4 ? Text::walk_u_set : Text::walk_u_clear, 0);
    add(3, "RSVD", last, reserved ? Text::walk_rsvd_set : Text::walk_rsvd_clear, last);
    add(4, "I/D", 0, code() & 16 ? Text::walk_i_set : Text::walk_i_clear, 0);
    if (present && !reserved) explain_taker(taker);
    others(bit_mask(31, 5));
  }

  void ept_violation() {
    rows_.code = words_(Text::walk_qualification);
    const u64 last = last_of(true);
    const bool is_final = code() & 0x100;
    static constexpr const char* asked[] = {"read", "write", "fetch"};
    for (unsigned i = 0; i < 3; ++i)
      add(i, asked[i], is_final ? 0 : last,
          code() >> i & 1 ? (is_final ? Text::walk_q_asked : Text::walk_q_asked_table) : Text::walk_q_not_asked, last);
    static constexpr const char* granted[] = {"R", "W", "X"};
    for (unsigned i = 0; i < 3; ++i) {
      const u64 taker = taker_of_ept(i);
      const bool set = code() >> (3 + i) & 1;
      add(3 + i, granted[i], set || taker == 0 ? last : taker, set ? Text::walk_q_granted : Text::walk_q_not_granted,
          set || taker == 0 ? last : taker);
    }
    add(7, "GLA", 0, code() & 0x80 ? Text::walk_q_linear : Text::walk_q_no_linear, 0);
    add(8, "page", last, is_final ? Text::walk_q_final : Text::walk_q_table, last);
    others(bit_mask(31, 9) | bit(6));
  }

 private:
  u32 code() const { return rows_.walk.end->error_code; }

  void add(unsigned bit, std::string name, u64 reference, Text why, u64 named) {
    CodeBit row{bit, std::move(name), (code() >> bit & 1) != 0, reference <= rows_.known, reference, {}};
    const std::string entry = named == 0 ? std::string() : rows_.references[named - 1].form;
    row.why = words_.fill(why, {std::to_string(named), entry});
    rows_.code_bits.push_back(std::move(row));
  }
  // Bits that this lab's machine never sets, where a trace has them nevertheless.
  void others(u64 mask) {
    for (unsigned bit = 0; bit < 32; ++bit)
      if (mask >> bit & code() >> bit & 1) add(bit, "?", rows_.references.size(), Text::walk_bit_other, 0);
  }

  u64 last_of(bool ept) const {
    for (std::size_t i = rows_.references.size(); i > 0; --i)
      if (of_ept(rows_.references[i - 1]) == ept) return i;
    return 0;
  }
  // The guest's entry that first took the right that the access lacks.
  u64 taker_of_right() const {
    const u32 first = rows_.attempts.empty() ? 0 : rows_.attempts.back().first;
    for (const WalkReferenceRow& row : rows_.references) {
      if (of_ept(row) || row.number <= first) continue;
      const u64 value = row.reference.value;
      if (rows_.walk.begin.user && !(value & 4)) return row.number;
      if (access_ == static_cast<u8>(AccessKind::write) && !(value & 2)) return row.number;
      if (access_ == static_cast<u8>(AccessKind::execute) && value >> 63) return row.number;
    }
    return 0;
  }
  u64 taker_of_ept(unsigned right) const {
    if (rows_.references.empty()) return 0;
    const u64 last = last_of(true);
    if (last == 0) return 0;
    const u8 line = rows_.references[last - 1].reference.for_level;
    u64 first = last;
    while (first > 1 && of_ept(rows_.references[first - 2]) &&
           rows_.references[first - 2].reference.for_level == line &&
           rows_.references[first - 2].reference.level > rows_.references[first - 1].reference.level)
      --first;
    for (u64 i = first; i <= last; ++i)
      if (!(rows_.references[i - 1].reference.value >> right & 1)) return i;
    return 0;
  }
  // Which right is missing belongs to bit 0: the tables are whole, and still say no.
  void explain_taker(u64 taker) {
    CodeBit& row = rows_.code_bits.front();
    if (taker == 0) {
      row.why += " " + std::string(words_(Text::walk_right_of_register));
      return;
    }
    const u64 value = rows_.references[taker - 1].reference.value;
    const char* const missing = rows_.walk.begin.user && !(value & 4)                           ? "U/S = 0"
                                : access_ == static_cast<u8>(AccessKind::write) && !(value & 2) ? "R/W = 0"
                                                                                                : "XD = 1";
    row.why +=
        " " + words_.fill(Text::walk_right_taken, {std::to_string(taker), rows_.references[taker - 1].form, missing});
  }

  WalkRows& rows_;
  const Words& words_;
  u8 access_;
};

std::string page_size(unsigned level) {
  static constexpr const char* sizes[] = {"?", "4 KiB", "2 MiB", "1 GiB"};
  return sizes[level <= 3 ? level : 0];
}

std::string address_text(u64 address, const Words& words) {
  return address == unknown_address ? std::string(words(Text::unknown)) : hex_number(address);
}

std::string sentence_of(const WalkRows& rows, const Words& words) {
  const trace::WalkEnd& end = *rows.walk.end;
  switch (static_cast<WalkOutcome>(end.outcome)) {
    case WalkOutcome::translated:
      return words.fill(Text::walk_translated,
                        {address_text(end.gpa, words), address_text(end.hpa, words), page_size(end.page_level)});
    case WalkOutcome::page_fault:
      return words.fill(Text::walk_faulted, {hex_number(end.error_code)});
    case WalkOutcome::ept_violation:
      return words.fill(Text::walk_violated, {hex_number(end.error_code), address_text(end.gpa, words)});
    case WalkOutcome::ept_misconfiguration:
      return words.fill(Text::walk_misconfigured, {address_text(end.gpa, words)});
    case WalkOutcome::not_canonical:
      return std::string(words(Text::walk_not_canonical));
    case WalkOutcome::unknown:
      break;
  }
  return std::string(words(Text::walk_unknown_end));
}

}  // namespace

void build_outcome(WalkRows& rows, Language language) {
  const Words words(language);
  if (!rows.walk.end) {
    rows.outcome = rows.whole ? words(Text::walk_cut) : std::string_view();
    return;
  }
  const auto outcome = static_cast<WalkOutcome>(rows.walk.end->outcome);
  if (rows.whole) rows.outcome = sentence_of(rows, words);
  rows.bad = outcome != WalkOutcome::translated;
  if (outcome == WalkOutcome::page_fault) Builder(rows, words).page_fault();
  if (outcome == WalkOutcome::ept_violation) Builder(rows, words).ept_violation();
}

}  // namespace trapline::window
