// The tables of one linear address side by side: a column for each set of tables, a line for each level.
#include <algorithm>

#include "base/address.h"
#include "visualizer/rows/tables_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/grid.h"

namespace trapline::window {

namespace {

using views::SubjectKind;

class TablesView final : public View {
 public:
  void draw(Frame& frame) override {
    const TablesRows* const rows = rows_.of(frame.desk, frame.here(), tables_rows);
    if (rows == nullptr) return waiting(frame);
    if (!rows->nothing.empty()) return nothing(frame, rows->nothing);
    bold(frame, "GVA");
    ImGui::SameLine();
    subject_value(frame, hex_number(rows->gva), {SubjectKind::linear, rows->gva});
    ImGui::SameLine(0, characters(frame, 2));
    dim(frame, rows->why_gva);
    if (rows->provenance != trace::Provenance::observed) {
      ImGui::SameLine(0, characters(frame, 2));
      provenance(frame, rows->provenance);
    }
    draw_columns(frame, *rows);
    draw_edits(frame, *rows);
  }

 private:
  static constexpr unsigned cell_lines = 4;

  void draw_columns(Frame& frame, const TablesRows& rows) {
    const float gap = 4 * frame.scale;
    const float share =
        (ImGui::GetContentRegionAvail().x - gap) / static_cast<float>(std::max<std::size_t>(rows.columns.size(), 1));
    const float width = std::clamp(share - gap, characters(frame, 27), characters(frame, 52));
    const float line = ImGui::GetTextLineHeightWithSpacing();
    const float cell = Cell::height(frame, cell_lines);
    const bool wide = (width + gap) * static_cast<float>(rows.columns.size()) > ImGui::GetContentRegionAvail().x + 1;
    const float height = 3 * line + 4 * (cell + gap) + (wide ? ImGui::GetStyle().ScrollbarSize : 0);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
    ImGui::BeginChild("columns", {0, height}, false, ImGuiWindowFlags_HorizontalScrollbar);
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    for (std::size_t i = 0; i < rows.columns.size(); ++i) {
      ImGui::PushID(static_cast<int>(i));
      const TableColumn& column = rows.columns[i];
      const ImVec2 at{origin.x + static_cast<float>(i) * (width + gap), origin.y};
      ImGui::SetCursorScreenPos(at);
      bold(frame, column.title);
      tooltip(frame, column.meaning);
      ImGui::SetCursorScreenPos({at.x, at.y + line});
      mono(frame, column.root, frame.theme.dim);
      if (!column.nothing.empty()) {
        ImGui::SetCursorScreenPos({at.x, at.y + 2 * line});
        ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width);
        text(column.nothing, frame.theme.dim);
        ImGui::PopTextWrapPos();
      }
      for (std::size_t level = 0; level < column.cells.size(); ++level)
        draw_cell(frame, column.cells[level], {at.x, at.y + 2 * line + static_cast<float>(level) * (cell + gap)},
                  {width, cell});
      ImGui::SetCursorScreenPos({at.x, at.y + 2 * line + 4 * (cell + gap)});
      mono(frame, column.result.empty() ? "" : "→ " + column.result);
      ImGui::PopID();
    }
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

  static std::string writer_text(const Frame& frame, const TableCell& cell) {
    if (cell.written_by == 0) return std::string(frame.words(Text::tables_not_written));
    const std::string who = cell.writer == "walker" ? std::string(frame.words(Text::tables_by_processor)) : cell.writer;
    return frame.words.fill(Text::tables_written_by, {who});
  }

  // Value and place can be followed, the event that wrote it can be gone to.
  static void draw_cell(Frame& frame, const TableCell& row, ImVec2 at, ImVec2 size) {
    Cell cell(frame, at, size);
    if (row.state != TableStep::State::known) {
      const bool open = row.state == TableStep::State::unknown;
      cell.edge(with_alpha(frame.theme.line, open ? 255 : 110), open ? Cell::Edge::dashed : Cell::Edge::thin)
          .left(0, row.form, open ? frame.theme.dim : frame.theme.faint)
          .middle(frame.words(open ? Text::unknown : Text::tables_nowhere), frame.theme.faint);
      return;
    }
    const Colour colour = row.changed ? frame.theme.changed : frame.theme.line;
    cell.fill(row.changed ? with_alpha(colour, 26) : frame.theme.raised)
        .edge(row.followed ? frame.theme.accent : colour, row.followed ? Cell::Edge::framed : Cell::Edge::thin)
        .left(0, (row.changed ? "*" : "") + row.form, row.changed ? frame.theme.changed : frame.theme.text)
        .right(0, hex_number(row.value), row.leads_nowhere ? frame.theme.bad : frame.theme.text)
        .left(1, row.bits.empty() ? "0" : row.bits, frame.theme.text)
        .right(1, row.rights, frame.theme.dim);
    const float line = ImGui::GetTextLineHeight(), pad = 4 * frame.scale;
    ImGui::PushID(static_cast<int>(row.level));
    ImGui::PushClipRect(at, {at.x + size.x, at.y + size.y}, true);
    ImGui::SetCursorScreenPos({at.x + pad, at.y + pad + 2 * line});
    if (row.gpa != unknown_address) place(frame, "GPA", row.gpa, SubjectKind::guest_physical);
    if (row.hpa != unknown_address) place(frame, "HPA", row.hpa, SubjectKind::host_physical);
    ImGui::SetCursorScreenPos({at.x + pad, at.y + pad + 3 * line});
    dim(frame, row.asked.empty() ? writer_text(frame, row) : frame.words.fill(Text::tables_asked, {row.asked}));
    if (row.written_by != 0) {
      tooltip(frame, frame.words.fill(Text::tables_was, {hex_number(row.before)}));
      ImGui::SameLine();
      event_link(frame, row.written_by);
    }
    ImGui::PopClipRect();
    ImGui::PopID();
  }
  static void place(const Frame& frame, const char* name, u64 address, SubjectKind kind) {
    dim(frame, name);
    ImGui::SameLine(0, characters(frame, 0.5F));
    subject_value(frame, hex_number(address), {kind, address});
    ImGui::SameLine(0, characters(frame, 1));
  }

  void draw_edits(Frame& frame, const TablesRows& rows) {
    heading(frame, frame.words(Text::tables_edits));
    if (rows.edits.empty()) return dim(frame, frame.words(Text::tables_no_edits));
    const float room = std::max(ImGui::GetContentRegionAvail().y, ImGui::GetTextLineHeightWithSpacing() * 6);
    // What does not fit side by side stands in two lines.
    if (ImGui::GetContentRegionAvail().x > characters(frame, 112)) return draw_edits_wide(frame, rows, room);
    const std::string what =
        std::string(frame.words(Text::tables_what)) + ": " + std::string(frame.words(Text::tables_values));
    const std::string kind =
        std::string(frame.words(Text::tables_kind)) + ", " + std::string(frame.words(Text::tables_who));
    if (!begin_table(frame, "edits", {{frame.words(Text::tables_event), 14}, {kind, 18}, {what, 0}}, room)) return;
    for (const TableEdit& edit : rows.edits) {
      next_cell();
      draw_edit_event(frame, edit);
      next_cell();
      draw_edit_kind(frame, edit);
      dim(frame, edit.who);
      next_cell();
      text(edit.what);
      tooltip(frame, edit.what);
      draw_edit_values(frame, edit);
    }
    end_table();
  }
  static void draw_edits_wide(Frame& frame, const TablesRows& rows, float room) {
    if (!begin_table(frame, "edits",
                     {{frame.words(Text::tables_event), 15},
                      {frame.words(Text::tables_kind), 18},
                      {frame.words(Text::tables_who), 16},
                      {frame.words(Text::tables_what), 0},
                      {frame.words(Text::tables_values), 42}},
                     room))
      return;
    for (const TableEdit& edit : rows.edits) {
      next_cell();
      draw_edit_event(frame, edit);
      next_cell();
      draw_edit_kind(frame, edit);
      next_cell();
      text(edit.who);
      next_cell();
      text(edit.what);
      tooltip(frame, edit.what);
      next_cell();
      draw_edit_values(frame, edit);
    }
    end_table();
  }
  static void draw_edit_event(Frame& frame, const TableEdit& edit) {
    changed_sign(frame, edit.changed);
    event_link(frame, edit.sequence);
  }
  static void draw_edit_kind(const Frame& frame, const TableEdit& edit) {
    text((edit.here ? "▶ " : "") + edit.kind, edit.here ? frame.theme.accent : frame.theme.text);
    if (edit.here) tooltip(frame, frame.words(Text::tables_here_means));
  }
  static void draw_edit_values(const Frame& frame, const TableEdit& edit) {
    if (!edit.values) return;
    const std::string values = hex_number(edit.before) + " → " + hex_number(edit.value);
    mono(frame, values);
    tooltip(frame, values);
  }

  Asked<TablesRows> rows_;
};

}  // namespace

std::unique_ptr<View> make_tables_view() { return std::make_unique<TablesView>(); }

}  // namespace trapline::window
