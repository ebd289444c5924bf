// The registers, with a line on top that says where they come from and how old they are.
#include <imgui.h>

#include "visualizer/rows/registers_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/aligned.h"
#include "visualizer/widgets/parts.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

class RegistersWindow final : public View {
 public:
  void draw(Frame& frame) override {
    const RegistersRows* const rows =
        rows_.of(frame.desk, frame.here(),
                 [again = run_again_](LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
                   return registers_rows(lanes, question, interrupt, again);
                 });
    if (rows == nullptr) return waiting(frame);
    if (rows->general.empty()) return nothing(frame, frame.words(Text::registers_empty));
    draw_origin(frame, *rows);
    if (ImGui::BeginChild("all", {0, 0}, false)) {
      draw_general(frame, *rows);
      draw_flags(frame, rows->rflags);
      draw_control(frame, *rows);
      draw_segments(frame, *rows);
    }
    ImGui::EndChild();
  }

 private:
  static void draw_origin(const Frame& frame, const RegistersRows& rows) {
    switch (rows.from) {
      case RegistersFrom::run_again:
        provenance(frame, trace::Provenance::derived);
        ImGui::SameLine();
        paragraph(frame.words.fill(Text::registers_run_again, {grouped(rows.retired.value_or(0))}), frame.theme.dim);
        break;
      case RegistersFrom::keyframe:
        dim(frame, frame.words(Text::registers_keyframe));
        ImGui::SameLine();
        event_link(frame, rows.keyframe);
        break;
      case RegistersFrom::stale:
        paragraph(rows.age ? frame.words.fill(Text::registers_stale, {grouped(*rows.age)})
                           : std::string(frame.words(Text::registers_stale_unknown)),
                  frame.theme.warning);
        event_link(frame, rows.keyframe);
        break;
      case RegistersFrom::nowhere:
        paragraph(frame.words(rows.on_kvm ? Text::registers_kvm : Text::registers_nowhere), frame.theme.dim);
        break;
    }
    if (rows.technique && rows.from != RegistersFrom::nowhere)
      paragraph(
          frame.words(*rows.technique == trace::Technique::full ? Text::registers_of_full : Text::registers_of_para),
          frame.theme.dim);
    if (!rows.trouble.empty()) paragraph(rows.trouble, frame.theme.dim);
    if (rows.from == RegistersFrom::run_again && rows.previous_stop) {
      dim(frame, frame.words(Text::registers_compared));
      ImGui::SameLine();
      event_link(frame, *rows.previous_stop);
    }
  }

  static void draw_value(const Frame& frame, const RegisterRow& row, bool wide) {
    if (!row.known) return dim(frame, frame.words(Text::unknown));
    const std::string shown = hex_text(row.value, wide ? 16 : 1);
    if (row.subject.kind != views::SubjectKind::none && !row.stale)
      subject_value(frame, shown, row.subject);
    else
      mono(frame, row.stale ? shown + " ?" : shown, row.stale ? frame.theme.dim : frame.theme.text);
  }

  static void draw_general(const Frame& frame, const RegistersRows& rows) {
    const bool two = ImGui::GetContentRegionAvail().x > characters(frame, 54);
    const int columns = two ? 4 : 2;
    if (!ImGui::BeginTable("general", columns, ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_NoSavedSettings))
      return;
    const std::size_t half = 8;
    for (std::size_t i = 0; i < (two ? half : 16); ++i) {
      draw_register(frame, rows.general[i]);
      if (two) draw_register(frame, rows.general[i + half]);
    }
    draw_register(frame, rows.general[16]);
    ImGui::EndTable();
  }

  static void draw_register(const Frame& frame, const RegisterRow& row) {
    ImGui::PushID(row.name.c_str());
    next_cell();
    changed_sign(frame, row.changed);
    mono(frame, row.name, frame.theme.dim);
    next_cell();
    draw_value(frame, row, true);
    if (row.told_at) {
      ImGui::SameLine();
      event_link(frame, *row.told_at);
    }
    ImGui::PopID();
  }

  static void draw_parts(const Frame& frame, const RegisterRow& row) {
    if (!row.known || row.parts.parts.empty()) return;
    if (row.stale) return dim(frame, "  " + line_of(row.parts));
    std::vector<Part> parts;
    for (const FieldPart& part : row.parts.parts)
      parts.push_back({part.name, part.meaning.in(frame.words.language()), part.high, part.low, part.value, part.word,
                       part.changed});
    field_parts(frame, parts);
  }

  static void draw_flags(const Frame& frame, const RegisterRow& row) {
    heading(frame, "RFLAGS");
    changed_sign(frame, row.changed);
    draw_value(frame, row, false);
    draw_parts(frame, row);
  }

  static void draw_control(const Frame& frame, const RegistersRows& rows) {
    heading(frame, frame.words(Text::registers_control));
    for (const RegisterRow& row : rows.control) {
      ImGui::PushID(row.name.c_str());
      const float x = ImGui::GetCursorPosX();
      changed_sign(frame, row.changed);
      mono(frame, row.name, frame.theme.dim);
      ImGui::SameLine(x + characters(frame, 22));
      draw_value(frame, row, false);
      if (row.told_at) {
        ImGui::SameLine();
        event_link(frame, *row.told_at);
      }
      if (row.form && *row.form != spec::FieldForm::cr3) draw_parts(frame, row);
      ImGui::PopID();
    }
  }

  static void draw_segments(const Frame& frame, const RegistersRows& rows) {
    heading(frame, frame.words(Text::registers_segments));
    constexpr ImGuiTableFlags flags = ImGuiTableFlags_RowBg | ImGuiTableFlags_NoSavedSettings;
    if (!ImGui::BeginTable("segments", 5, flags)) return;
    const std::string_view titles[] = {"", frame.words(Text::registers_selector), frame.words(Text::registers_base),
                                       frame.words(Text::registers_limit), frame.words(Text::registers_rights)};
    const float widths[] = {8, 8, 19, 11, 0};
    for (std::size_t i = 0; i < 5; ++i)
      ImGui::TableSetupColumn(std::string(titles[i]).c_str(),
                              widths[i] > 0 ? ImGuiTableColumnFlags_WidthFixed : ImGuiTableColumnFlags_WidthStretch,
                              widths[i] > 0 ? characters(frame, widths[i]) : 1.0F);
    ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.dim);
    ImGui::TableHeadersRow();
    ImGui::PopStyleColor();
    for (const SegmentRow& row : rows.segments) draw_segment(frame, row);
    ImGui::EndTable();
  }

  static void draw_segment(const Frame& frame, const SegmentRow& row) {
    const Colour colour = row.stale ? frame.theme.dim : frame.theme.text;
    next_cell();
    changed_sign(frame, row.known && row.changed);
    mono(frame, row.name, frame.theme.dim);
    if (!row.known) {
      next_cell();
      dim(frame, frame.words(Text::unknown));
      return ImGui::TableNextRow();
    }
    next_cell();
    if (row.has_selector) mono_right(frame, hex_number(row.selector), colour);
    next_cell();
    mono_right(frame, hex_number(row.base), colour);
    next_cell();
    mono_right(frame, hex_number(row.limit), colour);
    next_cell();
    text(row.rights, colour);
    tooltip(frame, row.rights);
  }

  Asked<RegistersRows> rows_;
  RegistersAt run_again_ = registers_by_running_again();
};

}  // namespace

std::unique_ptr<View> make_registers_view() { return std::make_unique<RegistersWindow>(); }

}  // namespace trapline::window
