// Instructions around the cursor: executed ones in their order; below, the code at the current place from the image.
#include <imgui.h>

#include "visualizer/rows/code_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/aligned.h"
#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

class CodeWindow final : public View {
 public:
  void draw(Frame& frame) override {
    const CodeRows* const rows =
        rows_.of(frame.desk, frame.here(),
                 [image = image_of_](LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
                   return code_rows(lanes, question, interrupt, image);
                 });
    if (rows == nullptr) return waiting(frame);
    if (rows->lines.empty()) return nothing(frame, frame.words(Text::code_empty));
    if (!rows->executed) paragraph(frame.words(rows->on_kvm ? Text::code_kvm : Text::code_low_level), frame.theme.dim);
    if (rows->cached_block) draw_cache(frame, *rows);
    const float room = ImGui::GetContentRegionAvail().y;
    const bool both = !rows->listing.empty() && room > 12 * ImGui::GetTextLineHeight();
    draw_lines(frame, rows->lines, "events", both ? room * (rows->executed ? 0.65F : 0.45F) : 0, false);
    if (!both) return;
    heading(frame, frame.words(Text::code_listing));
    ImGui::SameLine();
    provenance(frame, trace::Provenance::derived);
    tooltip(frame, frame.words(Text::code_from_image));
    draw_lines(frame, rows->listing, "listing", 0, true);
  }

 private:
  static void draw_cache(const Frame& frame, const CodeRows& rows) {
    paragraph(frame.words.fill(Text::code_cached, {hex_number(rows.cache_address), hex_number(rows.cached_rip)}),
              frame.theme.dim);
    event_link(frame, *rows.cached_block);
  }

  void draw_lines(const Frame& frame, const std::vector<CodeLine>& lines, const char* id, float height, bool listing) {
    const float width = ImGui::GetContentRegionAvail().x;
    const bool bytes = width > characters(frame, 92), numbers = !listing && width > characters(frame, 66);
    std::vector<ColumnSpec> columns = {{frame.words(Text::code_address), 20}};
    if (bytes) columns.push_back({frame.words(Text::code_bytes), 24});
    columns.push_back({frame.words(Text::code_instruction), 0});
    if (numbers) {
      columns.push_back({"CPL", 4});
      columns.push_back({frame.words(Text::code_retired), 10});
    }
    if (!begin_table(frame, id, columns, height)) return;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      ImGui::PushID(static_cast<int>(i));
      draw_line(frame, lines, i, bytes, numbers);
      ImGui::PopID();
    }
    end_table();
  }

  static void draw_line(const Frame& frame, const std::vector<CodeLine>& lines, std::size_t index, bool bytes,
                        bool numbers) {
    const CodeLine& line = lines[index];
    ImGui::TableNextRow();
    if (line.current) {
      ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0, frame.theme.selection);
      ImGui::SetScrollHereY(0.6F);
    }
    next_cell();
    mono(frame, line.current ? "▶" : " ", frame.theme.accent);
    ImGui::SameLine(0, 0);
    if (line.rip)
      subject_value(frame, hex_number(*line.rip), {views::SubjectKind::linear, *line.rip, 1});
    else
      text(" ");
    tooltip(frame, line.symbol);
    if (bytes) {
      next_cell();
      mono(frame, line.bytes, frame.theme.dim);
    }
    next_cell();
    draw_text(frame, lines, index);
    if (!numbers) return;
    next_cell();
    if (line.cpl) mono_right(frame, std::to_string(*line.cpl), frame.theme.text);
    next_cell();
    if (line.retired) mono_right(frame, grouped(*line.retired), frame.theme.dim);
  }

  static void draw_text(const Frame& frame, const std::vector<CodeLine>& lines, std::size_t index) {
    const CodeLine& line = lines[index];
    if (!line.event.empty()) {
      if (link(frame, line.event, "event")) frame.requests.go({frame.document.focus, line.sequence});
      if (line.text.empty()) return;
      ImGui::SameLine();
    }
    mono(frame, line.text, frame.theme.text);
    if (line.event.empty() && line.sequence != 0) {
      target(frame);
      if (ImGui::IsItemClicked()) frame.requests.go({frame.document.focus, line.sequence});
    }
    // A symbol is written where it begins to hold.
    const auto name = [](const CodeLine& of) { return std::string_view(of.symbol).substr(0, of.symbol.find('+')); };
    if (!line.symbol.empty() && (index == 0 || name(lines[index - 1]) != name(line))) {
      ImGui::SameLine();
      dim(frame, "; " + line.symbol);
    }
  }

  Asked<CodeRows> rows_;
  ImageOf image_of_ = images_at_hand();
};

}  // namespace

std::unique_ptr<View> make_code_view() { return std::make_unique<CodeWindow>(); }

}  // namespace trapline::window
