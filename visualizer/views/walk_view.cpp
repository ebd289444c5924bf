// A walk as a grid that the reader steps through: what the cursor has not come to yet is left open.
#include <algorithm>

#include "base/address.h"
#include "visualizer/rows/entry_words.h"
#include "visualizer/rows/walk_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/views/walk_look.h"
#include "visualizer/widgets/grid.h"

namespace trapline::window {

namespace {

using trace::Source;
using views::SubjectKind;

constexpr unsigned cell_lines = 4;

bool of_ept(const WalkReferenceRow& row) { return row.reference.dimension == static_cast<u8>(trace::Dimension::ept); }

class WalkGridView final : public View {
 public:
  void draw(Frame& frame) override {
    const WalkRows* const rows = rows_.of(frame.desk, frame.here(), walk_rows);
    if (rows == nullptr) return waiting(frame);
    if (!rows->nothing.empty()) return nothing(frame, rows->nothing);
    draw_title(frame, *rows);
    draw_steps(frame, *rows);
    // In a low panel the grid comes first.
    const bool low = ImGui::GetWindowHeight() < 22 * ImGui::GetTextLineHeight();
    if (!low) draw_address(frame, *rows);
    draw_attempts(frame, *rows);
    const float least = grid_width(frame, *rows, least_cell(frame, *rows));
    const float side = characters(frame, 46);
    const bool beside = !rows->as_list && ImGui::GetContentRegionAvail().x > least + side;
    if (beside) ImGui::BeginChild("grid", {ImGui::GetContentRegionAvail().x - side, 0});
    if (rows->as_list)
      draw_list(frame, *rows);
    else
      draw_grid(frame, *rows);
    if (beside) {
      ImGui::EndChild();
      ImGui::SameLine();
      ImGui::BeginChild("side");
    }
    draw_reference(frame, *rows);
    draw_outcome(frame, *rows);
    if (beside) ImGui::EndChild();
    if (low) draw_address(frame, *rows);
  }

 private:
  // What the longest line of a cell needs: a number, a value, or where the entry came from.
  static float least_cell(const Frame& frame, const WalkRows& rows) {
    std::size_t longest = 14;
    for (const WalkReferenceRow& row : rows.references)
      longest =
          std::max({longest, hex_number(row.reference.value).size(), short_bits(row).size() + row.rights.size() + 2});
    return characters(frame, static_cast<float>(longest) + 1);
  }

  // ---- above the grid ----------------------------------------------------------------------------------------------
  void draw_title(Frame& frame, const WalkRows& rows) {
    const trace::WalkBegin& begin = rows.walk.begin;
    const std::string access(trace::name_of(static_cast<trace::AccessKind>(begin.access)));
    bold(frame, begin.gva != unknown_address ? "GVA" : "GPA");
    ImGui::SameLine();
    if (begin.gva != unknown_address)
      subject_value(frame, hex_number(begin.gva), {SubjectKind::linear, begin.gva});
    else
      subject_value(frame, hex_or_unknown(frame, begin.gpa), {SubjectKind::guest_physical, begin.gpa});
    follow(frame, frame.words.fill(begin.user ? Text::walk_by_user : Text::walk_by_supervisor, {access}));
    follow(frame, "CR3 " + hex_number(begin.root));
    follow(frame,
           begin.ept_pointer != 0 ? "EPTP " + hex_number(begin.ept_pointer) : std::string(frame.words(no_ept(frame))));
    if (rows.walk.provenance != trace::Provenance::observed) {
      ImGui::SameLine();
      provenance(frame, rows.walk.provenance);
    }
  }
  // KVM's own EPT cannot be read from user space: what is unknown there is not called absent.
  static Text no_ept(const Frame& frame) {
    const LaneFacts& lane = frame.document.lane();
    return lane.on_kvm() && lane.technique_is(trace::Technique::hardware) ? Text::walk_ept_unseen : Text::walk_no_ept;
  }
  // What comes next goes on the same line where there is room for it.
  static void on_same_line(const Frame& frame, std::string_view words) {
    ImGui::SameLine(0, characters(frame, 2));
    const float width = ImGui::CalcTextSize(words.data(), words.data() + words.size()).x;
    if (ImGui::GetContentRegionAvail().x < width) ImGui::NewLine();
  }
  static void follow(const Frame& frame, std::string_view words) {
    on_same_line(frame, words);
    dim(frame, words);
  }

  void draw_steps(Frame& frame, const WalkRows& rows) {
    const auto& at = rows.walk.sequences;
    const u64 count = at.size(), known = rows.known;
    const auto step = [&](const char* sign, const char* id, Text means, u64 to) {
      if (button(frame, sign, id)) frame.requests.go({frame.document.focus, to});
      tooltip(frame, frame.words(means));
      ImGui::SameLine(0, 2 * frame.scale);
    };
    const u64 before = rows.whole  ? (count > 0 ? at.back() : rows.walk.first)
                       : known > 1 ? at[known - 2]
                                   : rows.walk.first;
    const u64 after = rows.whole || known >= count ? rows.walk.last : at[known];
    step("│◀", "first", Text::walk_first, count > 0 ? at.front() : rows.walk.first);
    step("◀", "previous", Text::walk_previous, before);
    step("▶", "next", Text::walk_next, after);
    step("▶│", "last", Text::walk_last, count > 0 ? at.back() : rows.walk.last);
    ImGui::SameLine(0, characters(frame, 1));
    ImGui::AlignTextToFramePadding();
    if (rows.whole) {
      const u64 memory = rows.walk.from(Source::memory);
      text(frame.words.fill(Text::walk_whole, {std::to_string(memory), std::to_string(count - memory)}));
      on_same_line(frame, frame.words(Text::walk_to_begin));
      if (link(frame, frame.words(Text::walk_to_begin), "begin"))
        frame.requests.go({frame.document.focus, rows.walk.first});
      tooltip(frame, frame.words(Text::walk_to_begin_means));
      if (rows.behind) {
        follow(frame, frame.words(Text::walk_behind));
        ImGui::SameLine();
        event_link(frame, rows.walk.last);
      }
    } else {
      bold(frame, frame.words.fill(Text::walk_step_of, {std::to_string(known), std::to_string(count)}));
      on_same_line(frame, frame.words(Text::walk_to_end));
      if (link(frame, frame.words(Text::walk_to_end), "end")) frame.requests.go({frame.document.focus, rows.walk.last});
    }
  }

  static void draw_parts(const Frame& frame, const std::vector<AddressPart>& parts) {
    std::vector<StripBox> boxes;
    for (const AddressPart& part : parts) {
      const bool offset = part.low == 0;
      const std::string range = std::to_string(part.high) + ":" + std::to_string(part.low);
      boxes.push_back({part.name, offset ? hex_text(part.value, 3) : std::to_string(part.value), range, part.used});
    }
    strip(frame, boxes);
  }
  void draw_address(const Frame& frame, const WalkRows& rows) {
    if (!rows.linear.empty()) {
      dim(frame, frame.words(Text::walk_linear));
      draw_parts(frame, rows.linear);
    }
    if (!rows.physical.empty()) {
      dim(frame, std::string(frame.words(Text::walk_translates)) + " GPA");
      ImGui::SameLine();
      subject_value(frame, hex_number(rows.physical_address), {SubjectKind::guest_physical, rows.physical_address});
      draw_parts(frame, rows.physical);
    }
    ImGui::Dummy({0, 2 * frame.scale});
  }

  // ---- the grid ----------------------------------------------------------------------------------------------------
  void draw_attempts(Frame& frame, const WalkRows& rows) {
    if (rows.attempts.size() < 2) return;
    dim(frame, frame.words(Text::walk_attempts));
    tooltip(frame, frame.words(Text::walk_attempts_means));
    const std::size_t told = rows.whole ? rows.attempts.size() : rows.attempt + 1;
    for (std::size_t i = 0; i < told; ++i) {
      const WalkAttempt& attempt = rows.attempts[i];
      const std::string range = std::to_string(attempt.first + 1) + "–" +
                                (i <= rows.attempt && !rows.whole && i + 1 == told ? "" : std::to_string(attempt.end));
      const std::string name = frame.words.fill(Text::walk_attempt, {std::to_string(i + 1), range});
      on_same_line(frame, name);
      if (i == rows.attempt)
        text("▶ " + name);
      else if (link(frame, name, ("attempt" + std::to_string(i)).c_str()))
        frame.requests.go({frame.document.focus, rows.references[attempt.end - 1].sequence});
    }
  }

  static float title_width(const Frame& frame, const WalkRows& rows) {
    return rows.two_dimensions ? characters(frame, 7) : 0;
  }
  static float grid_width(const Frame& frame, const WalkRows& rows, float cell) {
    return title_width(frame, rows) + static_cast<float>(rows.columns.size()) * (cell + 3 * frame.scale);
  }

  void draw_grid(Frame& frame, const WalkRows& rows) {
    const float gap = 3 * frame.scale;
    const float header = title_width(frame, rows);
    const float columns = static_cast<float>(rows.columns.size());
    const float least = least_cell(frame, rows);
    const float share = (ImGui::GetContentRegionAvail().x - header) / columns - gap;
    const ImVec2 cell{std::clamp(share, least, std::max(least, characters(frame, 26))),
                      Cell::height(frame, cell_lines)};
    const bool wide = grid_width(frame, rows, cell.x) > ImGui::GetContentRegionAvail().x + 1;
    const float height = ImGui::GetTextLineHeightWithSpacing() +
                         static_cast<float>(rows.lines.size()) * (cell.y + gap) +
                         (wide ? ImGui::GetStyle().ScrollbarSize : 0) + 2;
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
    ImGui::BeginChild("cells", {0, height}, false, ImGuiWindowFlags_HorizontalScrollbar);
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    for (std::size_t i = 0; i < rows.columns.size(); ++i) {
      ImGui::SetCursorScreenPos({origin.x + header + static_cast<float>(i) * (cell.x + gap) + 2, origin.y});
      dim(frame, rows.columns[i]);
    }
    const float top = origin.y + ImGui::GetTextLineHeightWithSpacing();
    for (std::size_t line = 0; line < rows.lines.size(); ++line) {
      const float y = top + static_cast<float>(line) * (cell.y + gap);
      if (rows.two_dimensions) {
        ImGui::SetCursorScreenPos({origin.x, y + cell.y / 2 - ImGui::GetTextLineHeight() / 2});
        dim(frame, rows.lines[line].title);
        tooltip(frame, std::string(frame.words(Text::walk_for)) + " " + rows.lines[line].title);
      }
      for (std::size_t column = 0; column < rows.columns.size(); ++column)
        draw_slot(frame, rows, line, column, {origin.x + header + static_cast<float>(column) * (cell.x + gap), y},
                  cell);
    }
    ImGui::SetCursorScreenPos(origin);
    ImGui::Dummy({grid_width(frame, rows, cell.x), 1});  // so that the last column, too, can be scrolled to
    ImGui::EndChild();
    ImGui::PopStyleVar();
    if (scroll_to_) ImGui::SetScrollFromPosY(*scroll_to_ - ImGui::GetWindowPos().y, 0.5F);
    scroll_to_.reset();
  }

  void draw_slot(Frame& frame, const WalkRows& rows, std::size_t line, std::size_t column, ImVec2 at, ImVec2 size) {
    const WalkSlot& slot = rows.lines[line].slots[column];
    const WalkReferenceRow* shown = nullptr;
    for (const u32 index : slot.references)
      if (index < rows.known) shown = &rows.references[index];
    const bool is_page = line + 1 == rows.lines.size() && column + 1 == rows.columns.size();
    if (shown != nullptr) {
      draw_reference_cell(frame, rows, slot, *shown, at, size);
      if (press_cell(frame, "cell", shown->number, at, size))
        frame.requests.go({frame.document.focus, shown->sequence});
      draw_tip(frame, slot, *shown);
    } else if (is_page && slot.gap == WalkGap::none && rows.walk.end) {
      Cell(frame, at, size)
          .fill(frame.theme.raised)
          .edge(frame.theme.good)
          .left(0, "✓ " + std::string(frame.words(Text::walk_page)), frame.theme.text)
          .left(1, "GPA " + hex_or_unknown(frame, rows.walk.end->gpa), frame.theme.text)
          .left(2, "HPA " + hex_or_unknown(frame, rows.walk.end->hpa), frame.theme.text);
    } else {
      const bool open = slot.gap == WalkGap::not_yet;
      Cell(frame, at, size)
          .edge(open ? frame.theme.line : with_alpha(frame.theme.line, 120),
                open ? Cell::Edge::dashed : Cell::Edge::thin)
          .middle(frame.words(word_of(slot.gap)), open ? frame.theme.dim : frame.theme.faint);
      ImGui::SetCursorScreenPos(at);
      ImGui::Dummy(size);
      tooltip(frame, frame.words(meaning_of(slot.gap)));
    }
  }

  void draw_reference_cell(Frame& frame, const WalkRows& rows, const WalkSlot& slot, const WalkReferenceRow& row,
                           ImVec2 at, ImVec2 size) {
    const bool now = !rows.whole && row.number == rows.known;
    const SourceLook look = look_of(row.reference.source);
    const Colour colour = frame.theme.of(look.colour);
    const u64 address = address_of(row.reference);
    const bool nowhere = absent(of_ept(row), row.reference.value);
    const std::string place = address == unknown_address ? "@ –" : "@" + hex_number(address);
    std::string guest_place;
    if (!of_ept(row) && row.reference.entry_gpa != unknown_address && row.reference.entry_gpa != address)
      guest_place = "GPA " + hex_number(row.reference.entry_gpa);
    if (characters(frame, static_cast<float>(place.size() + guest_place.size() + 3)) > size.x) guest_place.clear();
    Cell cell(frame, at, size);
    cell.fill(with_alpha(colour, now ? 70 : 28))
        .edge(now ? frame.theme.accent : with_alpha(colour, 140), now ? Cell::Edge::framed : Cell::Edge::thin)
        .left(0,
              (now ? "▶#" : "#") + std::to_string(row.number) + (slot.references.front() + 1 < row.number ? "+" : ""),
              frame.theme.text)
        .right(0, std::string(look.sign) + " " + std::string(frame.words(look.word)), frame.theme.dim)
        .left(1, hex_number(row.reference.value), nowhere ? frame.theme.bad : frame.theme.text)
        .left(2, short_bits(row), frame.theme.text)
        .right(2, (row.rights_at_most ? "≤" : "") + row.rights, frame.theme.dim)
        .left(3, place, frame.theme.dim)
        .right(3, guest_place, frame.theme.dim);
    if (now && followed_ != row.sequence) {
      followed_ = row.sequence;
      ImGui::SetScrollFromPosX(at.x + size.x / 2 - ImGui::GetWindowPos().x, 0.5F);
      scroll_to_ = at.y + size.y / 2;
    }
  }

  static void draw_tip(const Frame& frame, const WalkSlot& slot, const WalkReferenceRow& row) {
    if (!ImGui::IsItemHovered()) return;
    std::string tip = "#" + std::to_string(row.number) + " " + row.form + "\n" +
                      std::string(frame.words(look_of(row.reference.source).meaning)) + "\n";
    for (const u32 index : slot.references)
      if (index + 1 < row.number) tip += frame.words.fill(Text::walk_again, {std::to_string(index + 1)}) + "\n";
    for (const WalkBit& bit : row.bits)
      if (bit.set) tip += std::string(bit.name) + ": " + std::string(bit.meaning.in(frame.words.language())) + "\n";
    tip += row.rights + ": " +
           std::string(frame.words(row.rights_at_most ? Text::walk_rights_at_most_means : Text::walk_rights_means));
    tooltip(frame, tip);
  }

  void draw_list(Frame& frame, const WalkRows& rows) {
    const float room = std::max(ImGui::GetContentRegionAvail().y * 0.7F, 120 * frame.scale);
    if (!begin_table(frame, "list",
                     {{"#", 5},
                      {"", 10},
                      {frame.words(Text::walk_entry_at), 19},
                      {frame.words(Text::walk_value), 19},
                      {frame.words(Text::walk_from), 10},
                      {frame.words(Text::walk_so_far), 8}},
                     room))
      return;
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows.known));
    while (clipper.Step())
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        const WalkReferenceRow& row = rows.references[static_cast<std::size_t>(i)];
        next_cell();
        if (link(frame, std::to_string(row.number), ("r" + std::to_string(row.number)).c_str()))
          frame.requests.go({frame.document.focus, row.sequence});
        next_cell();
        text(row.form);
        next_cell();
        mono(frame, hex_or_unknown(frame, address_of(row.reference)));
        next_cell();
        mono(frame, hex_number(row.reference.value));
        next_cell();
        text(frame.words(look_of(row.reference.source).word));
        next_cell();
        mono(frame, row.rights);
      }
    end_table();
  }

  // ---- below the grid ----------------------------------------------------------------------------------------------
  void draw_reference(const Frame& frame, const WalkRows& rows) {
    if (rows.whole) return;
    if (rows.known == 0) return dim(frame, frame.words(Text::walk_predict));
    const WalkReferenceRow& row = rows.references[rows.known - 1];
    heading(frame, frame.words.fill(Text::walk_chosen, {std::to_string(row.number), row.form}));
    const trace::WalkReference& reference = row.reference;
    dim(frame, frame.words(Text::walk_entry_at));
    address(frame, "GPA", reference.entry_gpa, SubjectKind::guest_physical);
    address(frame, "HPA", reference.entry_hpa, SubjectKind::host_physical);
    if (reference.entry_gpa == unknown_address && reference.entry_hpa == unknown_address) {
      ImGui::SameLine();
      dim(frame, frame.words(Text::unknown));
    }
    dim(frame, frame.words(Text::walk_value));
    ImGui::SameLine();
    mono(frame, hex_text(reference.value, 16));
    std::vector<Bit> shown;
    for (const WalkBit& bit : row.bits)
      shown.push_back({bit.name, bit.set, false, bit.meaning.in(frame.words.language())});
    bits(frame, shown);
    paragraph(frame.words(look_of(reference.source).meaning), frame.theme.dim);
    dim(frame, frame.words(Text::walk_so_far));
    ImGui::SameLine();
    mono(frame, row.rights);
    tooltip(frame, frame.words(Text::walk_rights_means));
    if (row.rights_at_most) paragraph(frame.words(Text::walk_rights_at_most_means), frame.theme.dim);
  }
  static void address(const Frame& frame, const char* name, u64 value, SubjectKind kind) {
    if (value == unknown_address) return;
    ImGui::SameLine();
    dim(frame, name);
    ImGui::SameLine();
    subject_value(frame, hex_number(value), {kind, value});
  }

  void draw_outcome(const Frame& frame, const WalkRows& rows) {
    heading(frame, frame.words(Text::walk_outcome));
    if (rows.outcome.empty())
      paragraph(frame.words(Text::walk_outcome_not_yet), frame.theme.dim);
    else
      paragraph((rows.bad ? "✗ " : "✓ ") + rows.outcome, rows.bad ? frame.theme.bad : frame.theme.text);
    if (rows.code_bits.empty()) return;
    dim(frame, rows.code);
    for (const CodeBit& row : rows.code_bits) {
      const std::string value = !row.known ? "?" : row.set ? "1" : "0";
      mono(frame, value, !row.known ? frame.theme.dim : row.set ? frame.theme.text : frame.theme.dim);
      ImGui::SameLine(characters(frame, 3));
      mono(frame, std::to_string(row.bit) + " " + row.name, frame.theme.text);
      ImGui::SameLine(characters(frame, 12));
      if (row.known)
        paragraph(row.why, row.set ? frame.theme.text : frame.theme.dim);
      else
        dim(frame, "?");
    }
  }

  Asked<WalkRows> rows_;
  u64 followed_ = ~0ULL;            // the reference that was scrolled to
  std::optional<float> scroll_to_;  // its middle on the screen, in the frame that comes to it
};

}  // namespace

std::unique_ptr<View> make_walk_view() { return std::make_unique<WalkGridView>(); }

}  // namespace trapline::window
