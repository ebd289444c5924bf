// The VMCS: a table of all fields by area, and below it whatever one selected field has to say.
#include <imgui.h>

#include "visualizer/rows/vmcs_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/aligned.h"
#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/parts.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

constexpr Text area_titles[] = {Text::vmcs_area_guest_registers, Text::vmcs_area_guest_other, Text::vmcs_area_host,
                                Text::vmcs_area_execution,       Text::vmcs_area_exit,        Text::vmcs_area_entry,
                                Text::vmcs_area_information};
static_assert(std::size(area_titles) == static_cast<std::size_t>(VmcsArea::count_));

std::string_view why_absent(const Frame& frame, VmcsAbsence absence) {
  constexpr Text reasons[] = {Text::vmcs_not_yet, Text::vmcs_full,  Text::vmcs_para,
                              Text::vmcs_kvm,     Text::vmcs_other, Text::vmcs_not_yet};
  return frame.words(reasons[static_cast<std::size_t>(absence)]);
}

Text word_of(views::FieldToldBy by) {
  constexpr Text texts[] = {Text::vmcs_wrote, Text::vmcs_read, Text::vmcs_exit_told};
  return texts[static_cast<std::size_t>(by)];
}

Text width_of(u32 encoding) {
  constexpr Text texts[] = {Text::vmcs_width_16, Text::vmcs_width_64, Text::vmcs_width_32, Text::vmcs_width_natural};
  return texts[static_cast<std::size_t>(spec::width_of_field(encoding))];
}

views::Subject subject_of(const VmcsRow& row) { return {views::SubjectKind::vmcs_field, row.encoding}; }

enum class Show : u8 { changed, told, all };

// How many columns fit: field and value; who told it besides; what it means besides.
enum class Room : u8 { narrow, middle, wide };

class VmcsWindow final : public View {
 public:
  void draw(Frame& frame) override {
    const VmcsRows* const rows = rows_.of(frame.desk, frame.here(), vmcs_rows);
    if (rows == nullptr) return waiting(frame);
    if (rows->absence != VmcsAbsence::none) return nothing(frame, why_absent(frame, rows->absence));
    draw_head(frame, *rows);
    choose(*rows);
    const float room = ImGui::GetContentRegionAvail().y;
    draw_table(frame, *rows, rows->detail ? room * 0.5F : 0);
    if (rows->detail && ImGui::BeginChild("detail", {0, 0}, false)) draw_detail(frame, *rows->detail);
    if (rows->detail) ImGui::EndChild();
  }

 private:
  // What the table lists: a heading (an area) or a field.
  struct Line {
    const VmcsRow* row = nullptr;
    VmcsArea area = VmcsArea::guest_registers;
  };

  void draw_head(Frame& frame, const VmcsRows& rows) {
    if (rows.last_exit) {
      dim(frame, frame.words.fill(Text::vmcs_last_exit, {rows.exit_reason}));
      ImGui::SameLine();
      event_link(frame, *rows.last_exit);
    } else {
      dim(frame, frame.words(Text::vmcs_no_exit));
    }
    const std::string changed = frame.words.fill(Text::vmcs_show_changed, {std::to_string(rows.changed)}),
                      told = frame.words.fill(Text::vmcs_show_told, {std::to_string(rows.told)}),
                      all = frame.words.fill(Text::vmcs_show_all, {std::to_string(rows.fields.size())});
    const std::string_view names[] = {changed, told, all};
    if (const auto pressed = choice(frame, "show", names, static_cast<std::size_t>(show_)))
      show_ = static_cast<Show>(*pressed);
    tooltip(frame, frame.words(Text::vmcs_show_means));
    ImGui::SameLine();
    ImGui::SetNextItemWidth(-1);
    const std::string hint(frame.words(Text::vmcs_filter_hint));
    ImGui::InputTextWithHint("###filter", hint.c_str(), filter_, sizeof filter_);
    target(frame);
  }

  void choose(const VmcsRows& rows) {
    lines_.clear();
    std::optional<VmcsArea> area;
    for (const VmcsRow& row : rows.fields) {
      if (show_ == Show::changed && !row.changed) continue;
      if (show_ == Show::told && !row.told) continue;
      if (!vmcs_row_matches(row, filter_)) continue;
      if (area != row.area) lines_.push_back({nullptr, row.area});
      area = row.area;
      lines_.push_back({&row, row.area});
    }
  }

  static Room room_of(const Frame& frame) {
    const float width = ImGui::GetContentRegionAvail().x;
    return width < characters(frame, 74) ? Room::narrow : width < characters(frame, 100) ? Room::middle : Room::wide;
  }

  void draw_table(const Frame& frame, const VmcsRows&, float height) {
    if (lines_.empty())
      return dim(frame, frame.words(show_ == Show::changed && filter_[0] == 0 ? Text::vmcs_none_changed
                                                                              : Text::vmcs_none_match));
    const Room room = room_of(frame);
    std::vector<ColumnSpec> columns = {{frame.words(Text::vmcs_column_field), room == Room::narrow ? 25.0F : 34.0F},
                                       {frame.words(Text::vmcs_column_value), room == Room::wide ? 21.0F : 0}};
    if (room == Room::wide) columns.push_back({frame.words(Text::vmcs_column_meaning), 0});
    if (room != Room::narrow) columns.push_back({frame.words(Text::vmcs_column_told), 21});
    if (!begin_table(frame, "fields", columns, height)) return;
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(lines_.size()));
    while (clipper.Step())
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
        draw_line(frame, lines_[static_cast<std::size_t>(i)], room);
    end_table();
  }

  static void draw_line(const Frame& frame, const Line& line, Room room) {
    ImGui::TableNextRow();
    next_cell();
    if (line.row == nullptr) {
      ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0, frame.theme.raised);
      return bold(frame, frame.words(area_titles[static_cast<std::size_t>(line.area)]));
    }
    const VmcsRow& row = *line.row;
    ImGui::PushID(static_cast<int>(row.encoding));
    changed_sign(frame, row.changed);
    text(row.manual, row.told ? frame.theme.text : frame.theme.dim);
    tooltip(frame, row.meaning.empty() ? std::string(row.name) : std::string(row.name) + "\n" + row.meaning);
    next_cell();
    draw_value(frame, row);
    if (room == Room::wide) {
      next_cell();
      text(row.meaning, frame.theme.text);
      tooltip(frame, row.meaning);
    }
    if (room != Room::narrow) {
      next_cell();
      if (row.told) draw_teller(frame, row.told_by, row.told_at);
    }
    ImGui::PopID();
  }

  static void draw_value(const Frame& frame, const VmcsRow& row) {
    if (!row.told) return dim(frame, frame.words(Text::vmcs_not_told));
    // A column for the sign of doubt, so that numbers stay aligned.
    const std::string shown = hex_number(row.value), room = shown + (row.doubtful ? " ?" : "  ");
    align_right(frame, room);
    subject_value(frame, shown, subject_of(row));
    if (row.doubtful) {
      ImGui::SameLine(0, 0);
      mono(frame, " ?", frame.theme.warning);
      tooltip(frame, frame.words(Text::vmcs_doubtful));
    }
    if (row.changed && ImGui::IsItemHovered())
      tooltip(frame, frame.words.fill(Text::vmcs_was, {hex_number(row.before)}));
  }

  static void draw_teller(const Frame& frame, views::FieldToldBy by, u64 at) {
    dim(frame, frame.words(word_of(by)));
    ImGui::SameLine();
    event_link(frame, at);
  }

  static void draw_detail(const Frame& frame, const VmcsDetail& detail) {
    const VmcsRow& row = detail.row;
    heading(frame, row.manual);
    ImGui::SameLine();
    if (link(frame, frame.words(Text::vmcs_clear_selection), "close")) frame.requests.ask(Select{});
    dim(frame,
        std::string(row.name) + " · " +
            frame.words.fill(Text::vmcs_encoding, {hex_text(row.encoding, 4), frame.words(width_of(row.encoding))}));
    if (row.told) {
      changed_sign(frame, row.changed);
      mono(frame, hex_text(row.value, row.digits));
      if (row.changed) {
        ImGui::SameLine();
        dim(frame, "(" + frame.words.fill(Text::vmcs_was, {hex_number(row.before)}) + ")");
      }
      if (!row.meaning.empty()) paragraph(row.meaning);
      if (row.doubtful) paragraph("? " + std::string(frame.words(Text::vmcs_doubtful)), frame.theme.warning);
    } else {
      dim(frame, frame.words(Text::vmcs_not_told));
    }
    draw_parts(frame, detail);
    draw_history(frame, detail);
    draw_rules(frame, detail);
  }

  static void draw_parts(const Frame& frame, const VmcsDetail& detail) {
    std::vector<Part> parts;
    for (const FieldPart& part : detail.parts.parts)
      parts.push_back({part.name, part.meaning.in(frame.words.language()), part.high, part.low, part.value, part.word,
                       part.changed});
    if (!parts.empty()) field_parts(frame, parts);
    if (detail.parts.reserved != 0)
      paragraph(frame.words.fill(Text::vmcs_reserved, {hex_number(detail.parts.reserved)}), frame.theme.dim);
  }

  static void draw_history(const Frame& frame, const VmcsDetail& detail) {
    if (!detail.previous) {
      dim(frame, frame.words(Text::vmcs_never_written));
    } else {
      dim(frame, frame.words(Text::vmcs_written_last));
      ImGui::SameLine();
      event_link(frame, *detail.previous);
    }
    if (detail.next) {
      ImGui::SameLine();
      dim(frame, frame.words(Text::vmcs_written_next));
      ImGui::SameLine();
      event_link(frame, *detail.next);
    }
    if (spec::type_of_field(detail.row.encoding) == spec::FieldType::guest_state)
      paragraph(frame.words(Text::vmcs_saved_by_exits), frame.theme.dim);
  }

  static void draw_rules(const Frame& frame, const VmcsDetail& detail) {
    if (detail.rules.empty()) return dim(frame, frame.words(Text::vmcs_no_rules));
    heading(frame, frame.words.fill(Text::vmcs_rules, {std::to_string(detail.rules.size())}));
    for (const VmcsRule& rule : detail.rules) {
      ImGui::Bullet();
      ImGui::SameLine();
      paragraph(rule.must);
      tooltip(frame, std::string(rule.name) + "\n" + std::string(rule.section) + "\n" + std::string(rule.hint));
    }
  }

  Asked<VmcsRows> rows_;
  std::vector<Line> lines_;  // into the rows of this frame
  Show show_ = Show::told;
  char filter_[64] = {};
};

}  // namespace

std::unique_ptr<View> make_vmcs_view() { return std::make_unique<VmcsWindow>(); }

}  // namespace trapline::window
