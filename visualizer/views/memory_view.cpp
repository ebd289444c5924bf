// A page of memory: one row for 16 bytes, or for one entry of what lies there.
#include <imgui.h>

#include "visualizer/rows/memory_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/aligned.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

std::string bytes_text(const MemoryRow& row, bool as_number) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < row.count; ++i) {
    const auto byte = row.bytes[as_number ? row.count - 1 - i : i];
    if (!as_number && i > 0) text += i == 8 ? "  " : " ";
    if (byte)
      text += {digits[*byte >> 4], digits[*byte & 15]};
    else
      text += "--";
  }
  return text;
}

Text name_of(views::SubjectKind kind) {
  switch (kind) {
    case views::SubjectKind::linear:
      return Text::memory_linear;
    case views::SubjectKind::guest_physical:
      return Text::memory_guest_physical;
    default:
      return Text::memory_host_physical;
  }
}

class MemoryWindow final : public View {
 public:
  void draw(Frame& frame) override {
    Question question = frame.here();
    question.first = static_cast<u64>(overlay_);
    const MemoryRows* const rows = rows_.of(frame.desk, question, memory_rows);
    if (rows == nullptr) return waiting(frame);
    if (!rows->asked) return nothing(frame, frame.words(Text::memory_nothing_selected));
    if (!rows->page) return nothing(frame, frame.words.fill(Text::memory_not_located, {hex_number(rows->place.value)}));
    draw_head(frame, *rows);
    draw_table(frame, *rows);
  }

 private:
  void draw_head(const Frame& frame, const MemoryRows& rows) {
    text(frame.words(name_of(rows.place.kind)), frame.theme.dim);
    ImGui::SameLine();
    subject_value(frame, hex_number(rows.place.value), rows.place);
    ImGui::SameLine();
    dim(frame, frame.words.fill(Text::memory_page, {hex_number(*rows.page), grouped(rows.known)}));
    tooltip(frame, frame.words(rows.records_accesses ? Text::memory_sources : Text::memory_sources_low));
    const std::string_view names[] = {frame.words(Text::memory_automatic),   frame.words(Text::memory_bytes),
                                      frame.words(Text::memory_page_table),  frame.words(Text::memory_ept_table),
                                      frame.words(Text::memory_descriptors), frame.words(Text::memory_virtqueue)};
    if (const auto pressed = choice(frame, "overlay", names, static_cast<std::size_t>(overlay_)))
      overlay_ = static_cast<Overlay>(*pressed);
    const bool table = rows.overlay == Overlay::page_table || rows.overlay == Overlay::ept_table;
    if (table && rows.walk) {
      constexpr std::string_view levels[] = {"", "PT", "PD", "PDPT", "PML4"};
      const std::string name = (rows.overlay == Overlay::ept_table ? "EPT " : "") + std::string(levels[rows.level]);
      dim(frame, frame.words.fill(Text::memory_used_as, {name}));
      ImGui::SameLine();
      event_link(frame, *rows.walk);
    }
  }

  void draw_table(const Frame& frame, const MemoryRows& rows) {
    const bool wide_bytes = rows.overlay == Overlay::bytes || rows.overlay == Overlay::virtqueue;
    const bool teller = ImGui::GetContentRegionAvail().x > characters(frame, wide_bytes ? 96 : 70);
    const float bytes_width = rows.overlay == Overlay::bytes ? 50.0F : rows.overlay == Overlay::virtqueue ? 34 : 18;
    std::vector<ColumnSpec> columns = {{frame.words(Text::memory_address), 16},
                                       {frame.words(Text::memory_value), bytes_width},
                                       {frame.words(Text::memory_meaning), 0}};
    if (teller) columns.push_back({frame.words(Text::memory_told), 14});
    if (!begin_table(frame, "memory", columns)) return;
    scroll_to(rows);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows.rows.size()));
    while (clipper.Step())
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
        draw_row(frame, rows, rows.rows[static_cast<std::size_t>(i)], teller);
    end_table();
  }

  // To the selected row, once for each place.
  void scroll_to(const MemoryRows& rows) {
    const auto wanted = std::pair(rows.place, rows.rows.size());
    if (shown_ == wanted) return;
    shown_ = wanted;
    for (std::size_t i = 0; i < rows.rows.size(); ++i)
      if (rows.rows[i].selected)
        ImGui::SetScrollY(ImGui::GetTextLineHeightWithSpacing() * (i < 4 ? 0.0F : static_cast<float>(i) - 4));
  }

  static void draw_row(const Frame& frame, const MemoryRows& rows, const MemoryRow& row, bool teller) {
    ImGui::TableNextRow();
    ImGui::PushID(static_cast<int>(row.offset));
    if (row.selected) ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0, frame.theme.selection);
    next_cell();
    changed_sign(frame, row.changed);
    subject_value(frame, hex_number(*rows.page + row.offset),
                  {views::SubjectKind::host_physical, *rows.page + row.offset, row.count});
    next_cell();
    mono(frame, bytes_text(row, rows.overlay != Overlay::bytes), row.told_at ? frame.theme.text : frame.theme.faint);
    next_cell();
    mono(frame, row.meaning, row.meaning.starts_with("not present") ? frame.theme.dim : frame.theme.text);
    if (rows.overlay != Overlay::bytes) tooltip(frame, row.meaning);
    if (teller) {
      next_cell();
      if (row.told_at) event_link(frame, *row.told_at);
    }
    ImGui::PopID();
  }

  Asked<MemoryRows> rows_;
  Overlay overlay_ = Overlay::automatic;
  std::pair<views::Subject, std::size_t> shown_;
};

}  // namespace

std::unique_ptr<View> make_memory_view() { return std::make_unique<MemoryWindow>(); }

}  // namespace trapline::window
