// EPT as a tree. A node that holds the address looked for, or a change, is open unless the reader closed it.
#include <algorithm>
#include <charconv>
#include <imgui.h>
#include <map>

#include "base/address.h"
#include "visualizer/rows/entry_words.h"
#include "visualizer/rows/ept_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

using views::SubjectKind;

constexpr std::size_t few_rows = 40;  // a tree of so many rows is open altogether

class EptTreeView final : public View {
 public:
  void draw(Frame& frame) override {
    const EptRows* const rows = rows_.of(frame.desk, frame.here(), ept_rows);
    if (rows == nullptr) return waiting(frame);
    if (!rows->nothing.empty()) return nothing(frame, rows->nothing);
    draw_pointer(frame, *rows);
    draw_search(frame);
    if (rows->cut) dim(frame, frame.words(Text::ept_cut));
    draw_tree(frame, *rows);
  }

 private:
  using Node = std::pair<u8, u64>;  // level, first guest-physical address

  void draw_pointer(const Frame& frame, const EptRows& rows) {
    bold(frame, "EPTP");
    tooltip(frame, frame.words(Text::ept_pointer_means));
    ImGui::SameLine();
    mono(frame, hex_number(rows.ept_pointer));
    tooltip(frame, frame.words(Text::ept_pointer_means));
    follow(frame, frame.words(rows.flags ? Text::ept_flags_on : Text::ept_flags_off));
    follow(frame, frame.words.fill(Text::ept_pages, {grouped(rows.pages)}));
  }
  static void follow(const Frame& frame, std::string_view words) {
    ImGui::SameLine(0, characters(frame, 2));
    if (ImGui::GetContentRegionAvail().x < ImGui::CalcTextSize(words.data(), words.data() + words.size()).x)
      ImGui::NewLine();
    dim(frame, words);
  }

  void draw_search(Frame& frame) {
    ImGui::AlignTextToFramePadding();
    dim(frame, frame.words(Text::ept_find));
    ImGui::SameLine();
    ImGui::SetNextItemWidth(characters(frame, 20));
    const bool entered = ImGui::InputText("##find", wanted_, sizeof wanted_,
                                          ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CharsNoBlank);
    target(frame);
    tooltip(frame, frame.words(Text::ept_find_means));
    if (!entered) return;
    std::string_view words(wanted_);
    if (words.starts_with("0x")) words.remove_prefix(2);
    u64 address = 0;
    const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), address, 16);
    if (error == std::errc() && end == words.data() + words.size())
      frame.requests.ask(Select{{SubjectKind::guest_physical, address}});
  }

  bool open(const EptRows& rows, const EptRow& row) const {
    const auto said = said_.find({row.level, row.gpa});
    if (said != said_.end()) return said->second;
    return row.followed || row.changed || rows.rows.size() <= few_rows || row.level == 4;
  }
  std::vector<const EptRow*> visible(const EptRows& rows) const {
    std::vector<const EptRow*> list;
    unsigned closed_at = ~0U;  // what is deeper is hidden
    for (const EptRow& row : rows.rows) {
      if (row.depth() > closed_at) continue;
      closed_at = row.kind == EptRowKind::table && !open(rows, row) ? row.depth() : ~0U;
      list.push_back(&row);
    }
    return list;
  }

  void draw_tree(Frame& frame, const EptRows& rows) {
    const std::vector<const EptRow*> list = visible(rows);
    const bool roomy = ImGui::GetContentRegionAvail().x > characters(frame, 70);  // then a page's range fits
    if (!begin_table(frame, "ept",
                     {{frame.words(Text::ept_range), roomy ? 31.0F : 0},
                      {frame.words(Text::ept_host), 0},
                      {frame.words(Text::ept_rights), 6},
                      {frame.words(Text::ept_type), 7},
                      {frame.words(Text::ept_written), 15}}))
      return;
    scroll_to_followed(rows, list);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(list.size()));
    while (clipper.Step())
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        ImGui::PushID(i);
        draw_row(frame, rows, *list[static_cast<std::size_t>(i)]);
        ImGui::PopID();
      }
    end_table();
  }
  // Once for each address that is looked for.
  void scroll_to_followed(const EptRows& rows, const std::vector<const EptRow*>& list) {
    if (scrolled_to_ == rows.looked_for) return;
    scrolled_to_ = rows.looked_for;
    for (std::size_t i = list.size(); i > 0; --i) {
      if (!list[i - 1]->followed) continue;
      const float line = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
      ImGui::SetScrollY(std::max(0.0F, static_cast<float>(i) * line - ImGui::GetWindowHeight() / 2));
      return;
    }
  }

  void draw_row(Frame& frame, const EptRows& rows, const EptRow& row) {
    next_cell();
    if (row.followed) ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg1, frame.theme.selection);
    changed_sign(frame, row.changed);
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + characters(frame, 2) * static_cast<float>(row.depth()));
    draw_node(frame, rows, row);
    subject_value(frame, hex_number(row.gpa) + "–" + hex_number(row.last), {SubjectKind::guest_physical, row.gpa});
    next_cell();
    draw_target(frame, row);
    next_cell();
    mono(frame, row.rights);
    tooltip(frame, frame.words(Text::ept_rights_means));
    next_cell();
    std::string type = row.memory_type;
    if (rows.flags && row.accessed) type += " A";
    if (rows.flags && row.dirty) type += " D";
    mono(frame, type);
    tooltip(frame, frame.words(Text::ept_type_means));
    next_cell();
    if (row.written_by != 0) event_link(frame, row.written_by);
  }

  void draw_node(Frame& frame, const EptRows& rows, const EptRow& row) {
    const std::string form = form_name(static_cast<u8>(trace::Dimension::guest), row.level);
    if (row.kind == EptRowKind::table) {
      const bool is_open = open(rows, row);
      if (link(frame, std::string(is_open ? "▼ " : "▶ ") + form, "node")) said_[{row.level, row.gpa}] = !is_open;
    } else {
      dim(frame, (row.followed ? "→ " : "  ") + form);
    }
    ImGui::SameLine(0, characters(frame, 1));
  }

  static void draw_target(const Frame& frame, const EptRow& row) {
    switch (row.kind) {
      case EptRowKind::table:
        dim(frame, frame.words.fill(Text::ept_table_at, {hex_number(row.hpa), grouped(row.mapped)}));
        return;
      case EptRowKind::page:
        subject_value(frame, hex_number(row.hpa), {SubjectKind::host_physical, row.hpa});
        break;
      case EptRowKind::unmapped:
        text(frame.words(Text::ept_unmapped), row.followed ? frame.theme.bad : frame.theme.faint);
        tooltip(frame, frame.words(Text::ept_unmapped_means));
        return;
      case EptRowKind::unknown:
        text(frame.words(Text::unknown), frame.theme.faint);
        return;
    }
    if (row.entries < 2) return;
    ImGui::SameLine();
    dim(frame, frame.words.fill(Text::ept_entries, {grouped(row.entries)}));
  }

  Asked<EptRows> rows_;
  std::map<Node, bool> said_;  // nodes that the reader opened or closed
  u64 scrolled_to_ = unknown_address;
  char wanted_[24] = "";
};

}  // namespace

std::unique_ptr<View> make_ept_view() { return std::make_unique<EptTreeView>(); }

}  // namespace trapline::window
