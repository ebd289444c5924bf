// The console, as a terminal shows it; the lines that make up the digest stand out.
#include <imgui.h>

#include "visualizer/rows/console_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

class ConsoleView final : public View {
 public:
  void draw(Frame& frame) override {
    const ConsoleRows* const rows = rows_.of(frame.desk, frame.here(), console_rows);
    if (rows == nullptr) return waiting(frame);
    if (rows->lines.empty()) return nothing(frame, frame.words(Text::console_empty));
    if (rows->left_out > 0) dim(frame, frame.words.fill(Text::console_left_out, {grouped(rows->left_out)}));
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows->lines.size()));
    while (clipper.Step())
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        const ConsoleLine& line = rows->lines[static_cast<std::size_t>(i)];
        mono(frame, line.text, line.fact ? frame.theme.text : frame.theme.dim);
      }
    if (rows->lines.size() != seen_) ImGui::SetScrollHereY(1);
    seen_ = rows->lines.size();
  }

 private:
  Asked<ConsoleRows> rows_;
  std::size_t seen_ = 0;  // lines, to follow the last one
};

}  // namespace

std::unique_ptr<View> make_console_view() { return std::make_unique<ConsoleView>(); }

}  // namespace trapline::window
