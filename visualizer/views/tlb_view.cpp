// The TLB as sets and ways: a line for each set, a cell for each way.
#include <algorithm>

#include "base/address.h"
#include "visualizer/rows/tlb_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/aligned.h"
#include "visualizer/widgets/grid.h"

namespace trapline::window {

namespace {

using views::SubjectKind;

const char* size_of_page(u8 level) {
  static constexpr const char* sizes[] = {"?", "4K", "2M", "1G"};
  return sizes[level <= 3 ? level : 0];
}

std::string tags_of(const trace::TlbFill& fill) {
  return "VPID " + std::to_string(fill.vpid) + " PCID " + std::to_string(fill.pcid);
}

class TlbGridView final : public View {
 public:
  void draw(Frame& frame) override {
    const TlbRows* const rows = rows_.of(frame.desk, frame.here(), tlb_rows);
    if (rows == nullptr) return waiting(frame);
    if (!rows->nothing.empty()) return nothing(frame, rows->nothing);
    if (rows->slots.empty()) return waiting(frame);
    paragraph(frame.words.fill(Text::tlb_counts, {grouped(rows->misses), grouped(rows->fills), grouped(rows->evictions),
                                                  grouped(rows->flushed)}));
    ImGui::SameLine();
    if (ImGui::GetContentRegionAvail().x < characters(frame, 10)) ImGui::NewLine();
    provenance(frame, trace::Provenance::modelled);
    if (rows->left_out > 0) dim(frame, frame.words.fill(Text::tlb_left_out, {grouped(rows->left_out)}));
    const float side = characters(frame, 52);
    const bool beside = ImGui::GetContentRegionAvail().x > side + grid_width(frame, *rows, least_cell(frame));
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float below = std::min(room.y * 0.42F, ImGui::GetTextLineHeightWithSpacing() * 11);
    ImGui::BeginChild("grid", {beside ? room.x - side : 0, beside ? 0 : room.y - below}, false,
                      ImGuiWindowFlags_HorizontalScrollbar);
    draw_grid(frame, *rows);
    ImGui::EndChild();
    if (beside) ImGui::SameLine();
    ImGui::BeginChild("side");
    draw_slot(frame, *rows);
    draw_flushes(frame, *rows);
    ImGui::EndChild();
  }

 private:
  static float least_cell(const Frame& frame) { return characters(frame, 23); }
  static float title_width(const Frame& frame) { return characters(frame, 8); }
  static float grid_width(const Frame& frame, const TlbRows& rows, float cell) {
    return title_width(frame) + static_cast<float>(rows.ways) * (cell + 2 * frame.scale);
  }

  void draw_grid(Frame& frame, const TlbRows& rows) {
    const float gap = 2 * frame.scale, header = title_width(frame);
    const float share = (ImGui::GetContentRegionAvail().x - header) / static_cast<float>(rows.ways) - gap;
    const ImVec2 cell{std::clamp(share, least_cell(frame), characters(frame, 32)), Cell::height(frame, 2)};
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    for (u16 way = 0; way < rows.ways; ++way) {
      ImGui::SetCursorScreenPos({origin.x + header + way * (cell.x + gap) + 2, origin.y});
      dim(frame, frame.words.fill(Text::tlb_way, {std::to_string(way)}));
    }
    const float top = ImGui::GetTextLineHeightWithSpacing();
    ImGui::SetCursorScreenPos({origin.x, origin.y + top});
    ImGuiListClipper clipper;
    clipper.Begin(rows.sets, cell.y + gap);
    while (clipper.Step())
      for (int set = clipper.DisplayStart; set < clipper.DisplayEnd; ++set)
        draw_set(frame, rows, static_cast<u16>(set),
                 {origin.x, origin.y + top + static_cast<float>(set) * (cell.y + gap)}, cell);
    ImGui::SetCursorScreenPos({origin.x, origin.y + top + rows.sets * (cell.y + gap)});
    ImGui::Dummy({grid_width(frame, rows, cell.x) - gap, 1});
  }

  void draw_set(Frame& frame, const TlbRows& rows, u16 set, ImVec2 at, ImVec2 cell) {
    const bool followed =
        std::find(rows.followed_sets.begin(), rows.followed_sets.end(), set) != rows.followed_sets.end();
    ImGui::SetCursorScreenPos({at.x, at.y + cell.y / 2 - ImGui::GetTextLineHeight() / 2});
    const std::string name = frame.words.fill(Text::tlb_set, {std::to_string(set)});
    text((followed ? "▶" : "") + name, followed ? frame.theme.accent : frame.theme.dim);
    tooltip(frame, frame.words(followed ? Text::tlb_followed_set : Text::tlb_set_means));
    for (u16 way = 0; way < rows.ways; ++way) {
      const ImVec2 place{at.x + title_width(frame) + way * (cell.x + 2 * frame.scale), at.y};
      const TlbSlotRow& slot = rows.at(set, way);
      draw_cell(frame, slot, place, cell);
      const u64 subject = static_cast<u64>(set) << 16 | way;
      if (press_cell(frame, "slot", subject, place, cell)) frame.requests.ask(Select{{SubjectKind::tlb_slot, subject}});
      if (slot.state == SlotState::filled)
        tooltip(frame, tags_of(slot.fill) + "\n" + std::string(frame.words(Text::tlb_cell_means)));
    }
  }

  static std::string state_text(const Frame& frame, const TlbSlotRow& slot) {
    switch (slot.state) {
      case SlotState::filled:
        return std::string(frame.words(Text::tlb_filled));
      case SlotState::evicted:
        return std::string(frame.words(Text::tlb_evicted));
      case SlotState::flushed:
        return frame.words.fill(Text::tlb_flushed, {trace::name_of(slot.cause)});
      case SlotState::never:
        break;
    }
    return std::string(frame.words(Text::tlb_never));
  }

  // The colour follows the VPID, which stands there too.
  static Colour colour_of(const Frame& frame, u16 vpid) {
    static constexpr Class order[] = {Class::walks, Class::tlb, Class::tables, Class::interrupts, Class::io};
    return frame.theme.of(order[vpid % std::size(order)]);
  }

  static void draw_cell(const Frame& frame, const TlbSlotRow& slot, ImVec2 at, ImVec2 size) {
    Cell cell(frame, at, size);
    const Colour edge = slot.followed || slot.here ? frame.theme.accent : with_alpha(frame.theme.line, 160);
    const std::string sign = slot.here ? "▶" : slot.changed ? "*" : "";
    if (slot.state != SlotState::filled) {
      cell.edge(edge, slot.followed || slot.here ? Cell::Edge::framed : Cell::Edge::thin)
          .left(0, sign + state_text(frame, slot), slot.changed ? frame.theme.changed : frame.theme.faint);
      if (slot.state != SlotState::never)
        cell.left(1, frame.words.fill(Text::event_number, {std::to_string(slot.sequence)}), frame.theme.faint);
      return;
    }
    const Colour colour = colour_of(frame, slot.fill.vpid);
    const std::string gva = sign + hex_number(slot.fill.gva), age = grouped(slot.age);
    const bool room = characters(frame, static_cast<float>(gva.size() + age.size() + 2)) < size.x;
    cell.fill(with_alpha(colour, slot.here ? 90 : 36))
        .edge(slot.followed || slot.here ? edge : with_alpha(colour, 140),
              slot.followed || slot.here ? Cell::Edge::framed : Cell::Edge::thin)
        .left(0, gva, slot.changed ? frame.theme.changed : frame.theme.text)
        .right(0, room ? age : "", frame.theme.dim)
        .left(1, "V" + std::to_string(slot.fill.vpid) + " P" + std::to_string(slot.fill.pcid) + " " + slot.rights,
              frame.theme.text)
        .right(1, size_of_page(slot.fill.page_level), frame.theme.dim);
  }

  // ---- beside the grid ---------------------------------------------------------------------------------------------
  static void draw_slot(const Frame& frame, const TlbRows& rows) {
    const auto found =
        std::find_if(rows.slots.begin(), rows.slots.end(), [](const auto& slot) { return slot.followed; });
    if (found == rows.slots.end()) return paragraph(frame.words(Text::tlb_choose), frame.theme.dim);
    const TlbSlotRow& slot = *found;
    const auto index = static_cast<std::size_t>(found - rows.slots.begin());
    heading(frame,
            frame.words.fill(Text::tlb_slot, {std::to_string(index / rows.ways), std::to_string(index % rows.ways)}));
    text(state_text(frame, slot));
    if (slot.state == SlotState::never) return;
    ImGui::SameLine();
    event_link(frame, slot.sequence);
    if (slot.state != SlotState::filled) dim(frame, frame.words(Text::tlb_was));
    const trace::TlbFill& fill = slot.fill;
    address(frame, "GVA", fill.gva, SubjectKind::linear);
    address(frame, "GPA", fill.gpa, SubjectKind::guest_physical);
    address(frame, "HPA", fill.hpa, SubjectKind::host_physical);
    dim(frame, frame.words(Text::tlb_page));
    ImGui::SameLine();
    mono(frame, size_of_page(fill.page_level));
    if (fill.guest_page_level != fill.page_level) {
      ImGui::SameLine();
      dim(frame, frame.words.fill(Text::tlb_part_of, {size_of_page(fill.guest_page_level)}));
    }
    dim(frame, frame.words(Text::tlb_tags));
    ImGui::SameLine();
    mono(frame, tags_of(fill));
    if (fill.ept_pointer != 0) mono(frame, "EPTP " + hex_number(fill.ept_pointer));
    dim(frame, frame.words(Text::tlb_rights));
    ImGui::SameLine();
    mono(frame, slot.rights);
    tooltip(frame, frame.words(Text::tlb_cell_means));
  }
  static void address(const Frame& frame, const char* name, u64 value, SubjectKind kind) {
    dim(frame, name);
    ImGui::SameLine();
    if (value == unknown_address)
      dim(frame, frame.words(Text::unknown));
    else
      subject_value(frame, hex_number(value), {kind, value});
  }

  static void draw_flushes(const Frame& frame, const TlbRows& rows) {
    heading(frame, frame.words(Text::tlb_last_flushes));
    if (rows.flushes.empty()) return dim(frame, frame.words(Text::tlb_no_flushes));
    if (!begin_table(frame, "flushes",
                     {{frame.words(Text::tlb_event), 14},
                      {frame.words(Text::tlb_cause), 14},
                      {frame.words(Text::tlb_scope), 0},
                      {frame.words(Text::tlb_dropped), 8}}))
      return;
    for (const views::TlbFlushView& row : rows.flushes) {
      next_cell();
      event_link(frame, row.sequence);
      next_cell();
      text(trace::name_of(static_cast<trace::FlushCause>(row.flush.cause)));
      next_cell();
      const auto scope = static_cast<trace::FlushScope>(row.flush.scope);
      text(trace::name_of(scope));
      std::string tip = "VPID " + std::to_string(row.flush.vpid) + " PCID " + std::to_string(row.flush.pcid);
      if (scope == trace::FlushScope::one_page) tip = "GVA " + hex_number(row.flush.gva) + "\n" + tip;
      tooltip(frame, tip);
      next_cell();
      mono_right(frame, grouped(row.flush.entries), frame.theme.text);
    }
    end_table();
  }

  Asked<TlbRows> rows_;
};

}  // namespace

std::unique_ptr<View> make_tlb_view() { return std::make_unique<TlbGridView>(); }

}  // namespace trapline::window
