// The last edits of tables before the cursor, whoever made them.
#include <algorithm>

#include "base/address.h"
#include "base/hex.h"
#include "visualizer/rows/entry_words.h"
#include "visualizer/rows/tables_rows.h"
#include "visualizer/words/words.h"

namespace trapline::window {

namespace {

constexpr unsigned most_edits = 24;

std::string place_text(const char* name, u64 address, const Words& words) {
  return std::string(name) + " " +
         (address == unknown_address ? std::string(words(Text::unknown)) : hex_number(address));
}

// One event becomes one edit; each kind says what it touched.
class Describer {
 public:
  Describer(const TablesRows& rows, const Words& words) : rows_(rows), words_(words) {}

  TableEdit of(const trace::RecordedEvent& event) const {
    TableEdit edit;
    edit.sequence = event.sequence();
    edit.kind = event.kind_name();
    edit.who = trace::name_of(trace::Writer::monitor);
    if (const auto write = event.as<trace::TableWrite>()) table_write(edit, *write);
    if (const auto fill = event.as<trace::ShadowFill>()) shadow_fill(edit, *fill);
    if (const auto update = event.as<trace::PageTableUpdate>()) page_table_update(edit, *update);
    if (const auto sync = event.as<trace::ShadowSync>()) {
      edit.who = trace::name_of(trace::Writer::guest);
      edit.what = form_name(0, sync->level) + " " + place_text("GPA", sync->entry_gpa, words_) + ", " +
                  words_.fill(Text::tables_zapped, {std::to_string(sync->zapped)});
      values(edit, sync->old_value, sync->value);
      edit.here = touches(sync->entry_gpa, unknown_address);
    }
    if (const auto protect = event.as<trace::ShadowProtect>())
      edit.what = place_text("GPA", protect->gpa, words_) + ", " +
                  words_.fill(protect->on ? Text::tables_protected : Text::tables_unprotected,
                              {trace::name_of(static_cast<trace::ShadowProtection>(protect->protection)),
                               std::to_string(protect->entries)});
    if (const auto zap = event.as<trace::ShadowZap>()) {
      edit.what = place_text("GVA", zap->gva, words_) + ", " +
                  std::string(trace::name_of(static_cast<trace::ZapCause>(zap->cause))) + ", " +
                  words_.fill(Text::tables_zapped, {std::to_string(zap->entries)});
      edit.here = zap->gva == unknown_address || (zap->gva ^ rows_.gva) >> 12 == 0;
    }
    return edit;
  }

 private:
  static void values(TableEdit& edit, u64 before, u64 after) {
    edit.before = before;
    edit.value = after;
    edit.values = true;
  }
  // An entry on the way of the address that the columns show.
  bool touches(u64 gpa, u64 hpa) const {
    const auto same = [](u64 left, u64 right) { return left != unknown_address && (left ^ right) >> 3 == 0; };
    for (const TableColumn& column : rows_.columns)
      for (const TableCell& cell : column.cells)
        if (same(gpa, cell.gpa) || same(hpa, cell.hpa)) return true;
    return false;
  }
  void table_write(TableEdit& edit, const trace::TableWrite& write) const {
    edit.who = write.writer == static_cast<u8>(trace::Writer::walker)
                   ? std::string(words_(Text::tables_by_processor))
                   : std::string(trace::name_of(static_cast<trace::Writer>(write.writer)));
    edit.what = std::string(trace::name_of(static_cast<trace::Dimension>(write.dimension))) + " " +
                (write.gpa != unknown_address ? place_text("GPA", write.gpa, words_) + " " : std::string()) +
                place_text("HPA", write.hpa, words_);
    values(edit, write.old_value, write.value);
    edit.here = touches(write.gpa, write.hpa);
  }
  void shadow_fill(TableEdit& edit, const trace::ShadowFill& fill) const {
    edit.what = place_text("GVA", fill.gva, words_) + ", " +
                std::string(trace::name_of(static_cast<trace::ShadowSpace>(fill.space)));
    values(edit, 0, fill.value);
    edit.here = (fill.gva ^ rows_.gva) >> 12 == 0;
  }
  void page_table_update(TableEdit& edit, const trace::PageTableUpdate& update) const {
    edit.who = trace::name_of(trace::Writer::guest);
    edit.what = (update.level == 0 ? std::string() : form_name(0, update.level) + " ") +
                place_text("GPA", update.entry_gpa, words_) + ", " +
                words_.fill(Text::tables_stored, {hex_number(update.stored)});
    values(edit, update.old_value, update.value);
    edit.here = touches(update.entry_gpa, unknown_address);
  }

  const TablesRows& rows_;
  const Words& words_;
};

}  // namespace

std::vector<TableEdit> table_edits(const Lane& lane, const TablesRows& rows, const Question& question, u64 stop) {
  const trace::EventSource& source = lane.source();
  const trace::KindSet kinds = source.kinds<trace::TableWrite, trace::ShadowFill, trace::ShadowProtect,
                                            trace::ShadowSync, trace::ShadowZap, trace::PageTableUpdate>();
  const Words words(question.language);
  const Describer describer(rows, words);
  std::vector<TableEdit> edits;
  u64 before = std::min(question.at.sequence, unknown_address - 1) + 1;
  while (edits.size() < most_edits) {
    const auto sequence = source.last_before(kinds, before);
    const auto event = sequence ? source.at(*sequence) : std::nullopt;
    if (!event) break;
    edits.push_back(describer.of(*event));
    edits.back().changed = *sequence > stop;
    before = *sequence;
  }
  return edits;
}

}  // namespace trapline::window
