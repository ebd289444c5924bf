#include "sample_frame.h"

namespace trapline::window::test {

namespace {

const char* const chinese = "影子页表：客户机写 CR3 时，虚拟机监控器要重新装载影子页表，并冲刷 TLB。";

void draw_table(const FontSet& fonts) {
  if (!ImGui::BeginTable("walk", 4, ImGuiTableFlags_Borders | ImGuiTableFlags_RowBg)) return;
  for (const char* name : {"Level", "Address", "Value", "From"}) ImGui::TableSetupColumn(name);
  ImGui::TableHeadersRow();
  const char* const levels[] = {"PML4E", "PDPTE", "PDE", "PTE"};
  for (int row = 0; row < 4; ++row) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::TextUnformatted(levels[row]);
    ImGui::PushFont(fonts.mono);
    ImGui::TableNextColumn();
    ImGui::Text("0x%08x", 0x1000 * (row + 1));
    ImGui::TableNextColumn();
    ImGui::Text("0x%016llx", 0x8000000000000063ull + 0x1000ull * static_cast<unsigned>(row));
    ImGui::PopFont();
    ImGui::TableNextColumn();
    ImGui::TextUnformatted(row % 2 == 0 ? "memory" : "paging-structure cache");
  }
  ImGui::EndTable();
}

void draw_shapes() {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const auto place = [&](float x, float y) { return ImVec2(at.x + x, at.y + y); };
  list.AddCircleFilled(place(40, 40), 30, colour(80, 160, 240));
  list.AddCircle(place(120, 40), 30, colour(240, 160, 80), 0, 2);
  list.AddCircle(place(120, 40), 20, colour(240, 160, 80), 0, 1);
  list.AddRectFilled(place(170, 10), place(230, 70), colour(90, 200, 120, 200), 8);
  list.AddRect(place(240, 10), place(300, 70), colour(220, 220, 220), 8, 0, 1.5f);
  list.AddTriangleFilled(place(310, 70), place(340, 10), place(370, 70), colour(220, 90, 130));
  list.AddRectFilledMultiColor(place(380, 10), place(440, 70), colour(255, 0, 0), colour(0, 255, 0), colour(0, 0, 255),
                               colour(255, 255, 0));
  for (int ray = 0; ray < 9; ++ray)
    list.AddLine(place(460, 70), place(460 + 12.0f * static_cast<float>(ray), 10), colour(230, 230, 120),
                 1 + 0.5f * static_cast<float>(ray % 3));
  list.AddBezierCubic(place(580, 70), place(600, -20), place(640, 110), place(670, 15), colour(160, 200, 255), 3);
  ImGui::Dummy(ImVec2(680, 80));
}

}  // namespace

std::vector<std::string> sample_texts() { return {chinese, "→ ✓ ± … é"}; }

void draw_sample(const FontSet& fonts) {
  ImGui::SetNextWindowPos(ImVec2(10, 10));
  ImGui::SetNextWindowSize(ImVec2(780, 580));
  ImGui::Begin("Sample", nullptr, ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoSavedSettings);
  ImGui::PushFont(fonts.title);
  ImGui::TextUnformatted("A walk in two dimensions");
  ImGui::PopFont();
  ImGui::TextUnformatted("The guest reads 0x7fff'e000: 24 references → 5 misses ✓ ± … é");
  ImGui::PushFont(fonts.bold);
  ImGui::TextUnformatted("Why did this exit happen?");
  ImGui::PopFont();
  ImGui::PushFont(fonts.mono);
  ImGui::TextUnformatted("mov cr3, rax    ; 0f 22 d8  O0 l1I");
  ImGui::PopFont();
  ImGui::TextUnformatted(chinese);
  ImGui::Button("Step back");
  ImGui::SameLine();
  ImGui::Button("Step forward");
  ImGui::SameLine();
  bool checked = true;
  ImGui::Checkbox("Follow", &checked);
  ImGui::SameLine();
  ImGui::RadioButton("exits", true);
  float zoom = 0.4f;
  ImGui::SliderFloat("Zoom", &zoom, 0, 1);
  ImGui::ProgressBar(0.62f, ImVec2(-1, 0));
  draw_table(fonts);
  draw_shapes();
  float wave[90];
  for (int index = 0; index < 90; ++index) wave[index] = static_cast<float>((index * index) % 37);
  ImGui::PlotLines("events", wave, 90, 0, nullptr, 0, 40, ImVec2(0, 50));
  ImGui::TextDisabled("step 17 of 1,204");
  ImGui::End();
}

}  // namespace trapline::window::test
