// The explanation of the event under the cursor: title, paragraph, where the manual says it, and the events that it
// hangs together with.
#include <imgui.h>

#include "visualizer/rows/explain_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

class ExplainView final : public View {
 public:
  void draw(Frame& frame) override;

 private:
  void draw_links(Frame& frame, const ExplainRows& rows);
  void draw_fields(Frame& frame, const ExplainRows& rows);

  Asked<ExplainRows> rows_;
};

void ExplainView::draw_links(Frame& frame, const ExplainRows& rows) {
  if (rows.explanation.links.empty()) return;
  heading(frame, frame.words(Text::explain_links));
  int number = 0;
  for (const auto& one : rows.explanation.links) {
    ImGui::PushID(number++);
    event_link(frame, one.sequence);
    ImGui::PopID();
    ImGui::SameLine();
    paragraph(one.text);
  }
}

void ExplainView::draw_fields(Frame& frame, const ExplainRows& rows) {
  heading(frame, frame.words(Text::explain_fields));
  for (const auto& [name, value] : rows.fields) {
    dim(frame, name);
    ImGui::SameLine(characters(frame, 28));
    mono(frame, value);
  }
}

void ExplainView::draw(Frame& frame) {
  if (frame.document.empty()) return nothing(frame, frame.words(Text::no_trace));
  Question question = frame.here();
  question.subject = {};
  const ExplainRows* const rows = rows_.of(frame.desk, question, explain_rows);
  if (rows == nullptr) return waiting(frame);
  if (!rows->known) return nothing(frame, frame.words(Text::damaged_here));
  ImGui::PushTextWrapPos(0);
  bold(frame, rows->explanation.title);
  ImGui::PopTextWrapPos();
  provenance(frame, rows->provenance);
  paragraph(rows->explanation.paragraph);
  if (!rows->explanation.manual.empty()) paragraph(rows->explanation.manual, frame.theme.dim);
  draw_links(frame, *rows);
  draw_fields(frame, *rows);
}

}  // namespace

std::unique_ptr<View> make_explain_view() { return std::make_unique<ExplainView>(); }

}  // namespace trapline::window
