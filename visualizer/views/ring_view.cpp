// A virtqueue: its chains as rows of connected buffers with every step of their way, and below them descriptor table,
// avail ring and used ring as virtio's "Split Virtqueues" has them.
#include <algorithm>
#include <imgui.h>

#include "visualizer/rows/ring_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/bar.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

std::string flags_text(u16 flags) {
  constexpr std::string_view names[] = {"NEXT", "WRITE", "INDIRECT"};
  std::string text;
  for (unsigned bit = 0; bit < std::size(names); ++bit)
    if (flags >> bit & 1) text += (text.empty() ? "" : " ") + std::string(names[bit]);
  if (flags >> std::size(names)) text += (text.empty() ? "" : " ") + hex_number(flags);
  return text.empty() ? "-" : text;
}

// A step's event; `▶` where the cursor is, `*` since the last stop.
void step(Frame& frame, const std::optional<RingStepRow>& row) {
  if (!row) return text(frame.words(Text::ring_not_yet), frame.theme.faint);
  changed_sign(frame, row->changed);
  if (row->here) {
    text("▶", frame.theme.accent);
    ImGui::SameLine(0, 2);
  }
  event_link(frame, row->sequence);
}

// What the device reads is outlined, what it may write is filled; the letter says it too.
void box(Frame& frame, const RingDescriptorRow& descriptor) {
  const std::string words =
      std::to_string(descriptor.index) + (descriptor.device_writes() ? " W " : " R ") + grouped(descriptor.length);
  const float pad = 5 * frame.scale;
  const ImVec2 size = ImGui::CalcTextSize(words.c_str()), from = ImGui::GetCursorScreenPos();
  const ImVec2 to{from.x + size.x + 2 * pad, from.y + size.y};
  ImDrawList* const list = ImGui::GetWindowDrawList();
  if (descriptor.device_writes()) list->AddRectFilled(from, to, with_alpha(frame.theme.of(Class::io), 90), 3);
  list->AddRect(from, to, descriptor.read.here ? frame.theme.accent : frame.theme.of(Class::io), 3, 0,
                descriptor.read.here ? 2.0F : 1.0F);
  list->AddText({from.x + pad, from.y}, frame.theme.text, words.c_str());
  ImGui::Dummy({to.x - from.x, to.y - from.y});
  tooltip(frame, frame.words.fill(Text::ring_box, {grouped(descriptor.length), hex_number(descriptor.gpa),
                                                   frame.words(descriptor.device_writes() ? Text::ring_box_writes
                                                                                          : Text::ring_box_reads),
                                                   std::to_string(descriptor.read.sequence)}));
}

class RingPanel final : public View {
 public:
  void draw(Frame& frame) override {
    if (frame.document.empty()) return nothing(frame, frame.words(Text::no_trace));
    Question question = frame.here();
    question.subject = {};
    question.first = queue_;
    const RingRows* const rows = rows_.of(frame.desk, question, ring_rows);
    if (rows == nullptr || !rows->complete) return waiting(frame);
    if (rows->queues.empty()) return draw_none(frame, *rows);
    draw_head(frame, *rows);
    ImGui::BeginChild("queue");
    draw_chains(frame, *rows);
    draw_rings(frame, *rows);
    ImGui::EndChild();
  }

 private:
  static void draw_none(Frame& frame, const RingRows& rows) {
    const LaneFacts& lane = frame.document.lane();
    if (lane.header && !lane.technique_is(trace::Technique::para))
      return nothing(frame, frame.words(Text::ring_none_ports));
    if (!rows.first_step) return nothing(frame, frame.words(Text::ring_none_ever));
    paragraph(frame.words(Text::ring_none_yet), frame.theme.dim);
    dim(frame, frame.words(Text::ring_first_step));
    ImGui::SameLine();
    event_link(frame, *rows.first_step);
  }

  void draw_head(Frame& frame, const RingRows& rows) {
    if (rows.queues.size() > 1) draw_queues(frame, rows);
    if (rows.set_up) {
      dim(frame, frame.words.fill(Text::ring_queue, {std::to_string(rows.queue)}) + ", " +
                     std::string(frame.words(Text::ring_set_up)));
      ImGui::SameLine();
      event_link(frame, *rows.set_up);
    }
    if (rows.last_notified) {
      if (rows.set_up) same_line_if_room(frame, 34);
      dim(frame, frame.words.fill(Text::ring_notified, {grouped(rows.notifications)}));
      ImGui::SameLine();
      ImGui::PushID("notified");
      event_link(frame, *rows.last_notified);
      ImGui::PopID();
    }
    text(frame.words.fill(Text::ring_state, {grouped(rows.in_flight), grouped(rows.waiting)}));
    tooltip(frame, frame.words(Text::ring_state_doc));
    ImGui::SameLine(0, 14 * frame.scale);
    const Bit flag[] = {{"NO_NOTIFY", rows.notifications_suppressed, false, frame.words(Text::ring_no_notify)}};
    bits(frame, flag);
    ImGui::SameLine(0, 14 * frame.scale);
    dim(frame, frame.words.fill(Text::ring_no_interrupt, {grouped(rows.interrupts_suppressed)}));
    tooltip(frame, frame.words(Text::ring_no_interrupt_doc));
    draw_trouble(frame, rows);
  }

  static void same_line_if_room(const Frame& frame, float wanted) {
    ImGui::SameLine(0, 14 * frame.scale);
    if (ImGui::GetContentRegionAvail().x < characters(frame, wanted)) ImGui::NewLine();
  }

  void draw_queues(Frame& frame, const RingRows& rows) {
    std::vector<std::string> names;
    std::size_t chosen = 0;
    for (std::size_t i = 0; i < rows.queues.size(); ++i) {
      names.push_back(frame.words.fill(Text::ring_queue, {std::to_string(rows.queues[i])}));
      if (rows.queues[i] == rows.queue) chosen = i;
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string_view one[] = {names[i]};
      if (i > 0) same_line_if_room(frame, 10);
      if (choice(frame, names[i].c_str(), one, i == chosen ? 0 : 1)) queue_ = rows.queues[i];
    }
  }

  static void draw_trouble(Frame& frame, const RingRows& rows) {
    if (rows.broken) {
      paragraph(frame.words.fill(Text::ring_broken, {rows.broken->rule, hex_number(rows.broken->value)}),
                frame.theme.bad);
      ImGui::PushID("broken");
      event_link(frame, rows.broken->sequence);
      ImGui::PopID();
      if (!rows.broken_sentence.empty())
        paragraph(rows.broken_sentence + " (virtio 1.2, \"" + rows.broken_section + "\")", frame.theme.dim);
    }
    if (rows.disagreements > 0)
      paragraph(frame.words.fill(Text::ring_disagreements, {grouped(rows.disagreements)}), frame.theme.warning);
  }

  // ---- chains ------------------------------------------------------------------------------------------------------
  static void draw_chains(Frame& frame, const RingRows& rows) {
    heading(frame, frame.words(Text::ring_chains));
    const float lines = std::clamp(static_cast<float>(rows.chains.size()) + 1.3F, 3.3F, 8.3F);
    const ColumnSpec columns[] = {
        {frame.words(Text::ring_head), 5},        {frame.words(Text::ring_state_column), 10},
        {frame.words(Text::ring_way), 29},        {frame.words(Text::ring_step_published), 15},
        {frame.words(Text::ring_step_taken), 15}, {frame.words(Text::ring_step_used), 15}};
    const bool scrolls = ImGui::GetContentRegionAvail().x < characters(frame, 96);
    if (begin_chain_table(frame, columns, ring_line() * lines + (scrolls ? ImGui::GetStyle().ScrollbarSize : 0))) {
      ImGuiListClipper clipper;
      clipper.Begin(static_cast<int>(rows.chains.size()));
      while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
          ImGui::PushID(i);
          draw_chain(frame, rows.chains[static_cast<std::size_t>(i)]);
          ImGui::PopID();
        }
      end_table();
    }
    if (rows.chains_left_out > 0)
      dim(frame, frame.words.fill(Text::ring_chains_left_out, {grouped(rows.chains_left_out)}));
  }

  // Wider than a small panel: it scrolls sideways.
  static bool begin_chain_table(const Frame& frame, std::span<const ColumnSpec> columns, float height) {
    constexpr ImGuiTableFlags flags = ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY | ImGuiTableFlags_ScrollX |
                                      ImGuiTableFlags_BordersInnerV | ImGuiTableFlags_NoSavedSettings;
    if (!ImGui::BeginTable("chains", static_cast<int>(columns.size()), flags, {0, height})) return false;
    for (const ColumnSpec& column : columns)
      ImGui::TableSetupColumn(std::string(column.title).c_str(), ImGuiTableColumnFlags_WidthFixed,
                              characters(frame, column.width));
    ImGui::TableSetupScrollFreeze(0, 1);
    ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.dim);
    ImGui::TableHeadersRow();
    ImGui::PopStyleColor();
    return true;
  }

  static void draw_chain(Frame& frame, const RingChainRow& chain) {
    ImGui::TableNextRow();
    const bool here = chain.published.here || (chain.taken && chain.taken->here) || (chain.used && chain.used->here) ||
                      std::any_of(chain.descriptors.begin(), chain.descriptors.end(),
                                  [](const RingDescriptorRow& row) { return row.read.here; });
    if (here) ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg1, frame.theme.selection);
    next_cell();
    right_mono(frame, std::to_string(chain.head), frame.theme.text);
    next_cell();
    draw_state(frame, chain.state);
    next_cell();
    draw_way(frame, chain);
    const std::optional<RingStepRow> steps[] = {chain.published, chain.taken, chain.used};
    for (int i = 0; i < 3; ++i) {
      next_cell();
      ImGui::PushID(i);
      step(frame, steps[i]);
      ImGui::PopID();
    }
  }

  static void draw_state(const Frame& frame, ChainState state) {
    if (state == ChainState::published) return text("○ " + std::string(frame.words(Text::ring_published)));
    if (state == ChainState::used) return dim(frame, "✓ " + std::string(frame.words(Text::ring_used)));
    text("● " + std::string(frame.words(Text::ring_taken)), frame.theme.accent);
  }

  static void draw_way(Frame& frame, const RingChainRow& chain) {
    if (chain.descriptors.empty()) return dim(frame, frame.words(chain.taken ? Text::ring_reused : Text::ring_unread));
    for (std::size_t i = 0; i < chain.descriptors.size(); ++i) {
      if (i > 0) {
        ImGui::SameLine(0, 3 * frame.scale);
        text("→", frame.theme.dim);
        ImGui::SameLine(0, 3 * frame.scale);
      }
      box(frame, chain.descriptors[i]);
    }
    if (!chain.goes_on) return;
    ImGui::SameLine(0, 3 * frame.scale);
    text("→ …", frame.theme.dim);
  }

  // ---- the three parts ---------------------------------------------------------------------------------------------
  // All side by side; or the two rings below the table, side by side; or one below the other: as the panel's width
  // allows. What stands below something is as high as it has lines, within bounds.
  static void draw_rings(Frame& frame, const RingRows& rows) {
    const float width = ImGui::GetContentRegionAvail().x, line = ring_line();
    const bool wide = width > characters(frame, 118), pair = width > characters(frame, 60);
    const float height = wide ? std::max(ImGui::GetContentRegionAvail().y, 150 * frame.scale) : 0;
    enum class Then : u8 { beside, below };
    const auto part = [&](const char* id, Text title, Text doc, std::size_t lines, float share, Then then, auto draw) {
      const float high = wide ? height : line * std::clamp(static_cast<float>(lines) + 3.3F, 4.5F, 8.3F);
      ImGui::BeginChild(id, {ImGui::GetContentRegionAvail().x * share, high});
      heading(frame, frame.words(title));
      tooltip(frame, frame.words(doc));
      draw();
      ImGui::EndChild();
      if (then == Then::beside) ImGui::SameLine();
    };
    const std::size_t chains = rows.chains.size();
    part("table", Text::ring_table, Text::ring_table_doc, rows.table.size(), wide ? 0.5F : 1.0F,
         wide ? Then::beside : Then::below, [&] { draw_table(frame, rows); });
    part("avail", Text::ring_avail, Text::ring_avail_doc, chains, wide || pair ? 0.45F : 1.0F,
         wide || pair ? Then::beside : Then::below, [&] { draw_avail(frame, rows); });
    part("used", Text::ring_used_ring, Text::ring_used_doc, chains, 1, Then::below, [&] { draw_used(frame, rows); });
  }

  static float ring_line() { return ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y; }

  static void draw_table(Frame& frame, const RingRows& rows) {
    if (rows.descriptors_left_out > 0)
      dim(frame, frame.words.fill(Text::ring_descriptors_left_out, {grouped(rows.descriptors_left_out)}));
    if (!begin_table(frame, "descriptors",
                     {{frame.words(Text::ring_index), 6},
                      {frame.words(Text::ring_gpa), 10},
                      {frame.words(Text::ring_length), 6},
                      {frame.words(Text::ring_flags)},
                      {frame.words(Text::ring_next), 5},
                      {frame.words(Text::ring_event), 13}}))
      return;
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows.table.size()));
    while (clipper.Step())
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        ImGui::PushID(i);
        draw_descriptor(frame, rows.queue, rows.table[static_cast<std::size_t>(i)]);
        ImGui::PopID();
      }
    end_table();
  }

  static void draw_descriptor(Frame& frame, u8 queue, const RingDescriptorRow& row) {
    ImGui::TableNextRow();
    if (row.read.here) ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg1, frame.theme.selection);
    next_cell();
    subject_value(frame, std::to_string(row.index),
                  {views::SubjectKind::descriptor, static_cast<u64>(queue) << 16 | row.index});
    next_cell();
    subject_value(frame, hex_or_unknown(frame, row.gpa),
                  {views::SubjectKind::guest_physical, row.gpa, std::max<u64>(row.length, 1)});
    next_cell();
    right_mono(frame, grouped(row.length), frame.theme.text);
    next_cell();
    mono(frame, flags_text(row.flags));
    next_cell();
    right_mono(frame, row.has_next() ? std::to_string(row.next) : "-", frame.theme.text);
    next_cell();
    step(frame, row.read);
  }

  static void draw_avail(Frame& frame, const RingRows& rows) {
    if (!begin_table(
            frame, "avail",
            {{frame.words(Text::ring_index), 6}, {frame.words(Text::ring_head), 5}, {frame.words(Text::ring_event)}}))
      return;
    for (const RingChainRow& chain : rows.chains)
      draw_entry(frame, chain.avail_index, chain.head, chain.published, std::nullopt);
    end_table();
  }

  static void draw_used(Frame& frame, const RingRows& rows) {
    if (!begin_table(frame, "used",
                     {{frame.words(Text::ring_index), 6},
                      {frame.words(Text::ring_head), 5},
                      {frame.words(Text::ring_length), 6},
                      {frame.words(Text::ring_event)}}))
      return;
    for (const RingChainRow& chain : rows.chains)
      if (chain.used) draw_entry(frame, chain.used_index, chain.head, *chain.used, chain.written);
    end_table();
  }

  static void draw_entry(Frame& frame, u16 index, u16 head, const RingStepRow& at, std::optional<u32> written) {
    ImGui::TableNextRow();
    if (at.here) ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg1, frame.theme.selection);
    next_cell();
    right_mono(frame, std::to_string(index), frame.theme.text);
    next_cell();
    right_mono(frame, std::to_string(head), frame.theme.text);
    if (written) {
      next_cell();
      right_mono(frame, grouped(*written), frame.theme.text);
    }
    next_cell();
    step(frame, at);
  }

  Asked<RingRows> rows_;
  u8 queue_ = 0;
};

}  // namespace

std::unique_ptr<View> make_ring_view() { return std::make_unique<RingPanel>(); }

}  // namespace trapline::window
