#include "visualizer/views/rich_text.h"

#include <algorithm>
#include <cmath>

#include "base/wide_text.h"
#include "visualizer/views/rich_picture.h"
#include "visualizer/widgets/landmark.h"

namespace trapline::window {

namespace {

float width_of(ImFont* font, std::string_view text) {
  return font->CalcTextSizeA(font->FontSize, FLT_MAX, 0, text.data(), text.data() + text.size()).x;
}

// What no line break divides: pieces of one or several runs that touch each other.
struct Part {
  std::size_t run = 0;
  std::string_view text;
  float width = 0;
};
struct Unit {
  std::vector<Part> parts;
  bool after_space = false;
  float width = 0;
};

char32_t last_letter(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return first_letter(text.substr(at)).code;
}

std::size_t letters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

bool is_space(char letter) { return letter == ' ' || letter == '\n' || letter == '\t'; }

std::vector<Unit> units_of(const Runs& runs, const std::vector<ImFont*>& fonts) {
  std::vector<Unit> units;
  bool space = false;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    bool first = true;
    for (const Piece& piece : pieces_of(runs[run].text)) {
      const bool after_space = piece.after_space || (first && space);
      const Part part{run, piece.text, width_of(fonts[run], piece.text)};
      const bool joins = first && !after_space && !units.empty() &&
                         !may_break_between(last_letter(units.back().parts.back().text), first_letter(piece.text).code);
      if (!joins) units.push_back({{}, after_space, 0});
      units.back().parts.push_back(part);
      units.back().width += part.width;
      first = false;
    }
    if (!runs[run].text.empty()) space = is_space(runs[run].text.back()) || (first && space);
  }
  return units;
}

class Placer {
 public:
  // `plain` is the font that is not bold.
  Placer(const Runs& runs, const std::vector<ImFont*>& fonts, ImFont* plain, float width, float line)
      : runs_(runs), fonts_(fonts), plain_(plain), space_(width_of(plain, " ")), width_(width), line_(line) {}

  PlacedLines place(const std::vector<Unit>& units) {
    for (const Unit& unit : units) {
      lines_.widest = std::max(lines_.widest, unit.width);
      const float gap = x_ > 0 && unit.after_space ? space_ : 0;
      if (x_ > 0 && x_ + gap + unit.width > width_) break_line();
      if (x_ > 0) x_ += gap;
      spaced_ = gap > 0 && x_ > 0;
      for (const Part& part : unit.parts) place(part);
    }
    lines_.height = y_ + line_;
    return std::move(lines_);
  }

 private:
  void break_line() {
    x_ = 0;
    y_ += line_;
  }

  // What is wider than the panel is broken anywhere.
  void place(const Part& part) {
    std::string_view rest = part.text;
    while (width_of(fonts_[part.run], rest) > width_ - x_ && columns_of(rest) > 1) {
      std::size_t fits = 0;
      while (fits < rest.size()) {
        const std::size_t next = fits + first_letter(rest.substr(fits)).bytes;
        if (x_ + width_of(fonts_[part.run], rest.substr(0, next)) > width_) break;
        fits = next;
      }
      if (fits == 0 && x_ > 0) {
        break_line();
        continue;
      }
      fits = std::max(fits, first_letter(rest).bytes);
      add(part.run, rest.substr(0, fits));
      rest.remove_prefix(fits);
      if (rest.empty()) return;
      break_line();
    }
    add(part.run, rest);
  }

  void add(std::size_t run, std::string_view text) {
    ImFont* const font = fonts_[run];
    PlacedText* last = lines_.texts.empty() ? nullptr : &lines_.texts.back();
    if (last != nullptr && last->run == run && last->y == y_) {
      last->text += (spaced_ ? " " : "") + std::string(text);
      last->width = width_of(font, last->text);
      x_ = last->x + last->width;
    } else {
      const float width = width_of(font, text);
      lines_.texts.push_back({std::string(text), runs_[run].link, font, x_, y_, width, runs_[run].code, false, run});
      x_ += width;
    }
    PlacedText& placed = lines_.texts.back();
    placed.doubled = placed.doubled || (font != plain_ && !placed.code && columns_of(text) > letters_of(text));
    spaced_ = false;
    lines_.width = std::max(lines_.width, x_);
  }

  const Runs& runs_;
  const std::vector<ImFont*>& fonts_;
  const ImFont* plain_;
  float space_, width_, line_, x_ = 0, y_ = 0;
  bool spaced_ = false;
  PlacedLines lines_;
};

bool begins_with_digit(const Runs& runs) {
  return !runs.empty() && !runs.front().text.empty() && runs.front().text.front() >= '0' &&
         runs.front().text.front() <= '9';
}

// A table's column of numbers; a cell may be empty.
bool is_column_of_numbers(const Block& table, std::size_t column) {
  bool any = false;
  for (std::size_t row = 1; row < table.rows.size(); ++row) {
    const Runs& cell = table.rows[row][column];
    if (!cell.empty() && !begins_with_digit(cell)) return false;
    any = any || !cell.empty();
  }
  return any;
}

float line_height(ImFont* font) { return std::round(font->FontSize * 1.3F); }

std::optional<std::string> draw_link(const Frame& frame, const PlacedText& text, ImVec2 from, int id) {
  ImGui::PushID(id);
  ImGui::SetCursorScreenPos(from);
  const bool pressed = ImGui::InvisibleButton("link", {std::max(text.width, 1.0F), text.font->FontSize + 2});
  target(frame);
  const bool over = ImGui::IsItemHovered() || ImGui::IsItemFocused();
  if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  ImGui::PopID();
  const float y = from.y + text.font->FontSize + 1;
  ImGui::GetWindowDrawList()->AddLine({from.x, y}, {from.x + text.width, y},
                                      with_alpha(frame.theme.accent, over ? 255 : 110));
  return pressed ? std::optional(text.link) : std::nullopt;
}

}  // namespace

PlacedLines lay_out(const Frame& frame, const Runs& runs, float width, ImFont* plain) {
  std::vector<ImFont*> fonts;
  for (const Run& run : runs)
    fonts.push_back(run.code ? frame.fonts.mono : run.bold || run.emphasis ? frame.fonts.bold : plain);
  return Placer(runs, fonts, frame.fonts.text, std::max(width, 1.0F), line_height(plain)).place(units_of(runs, fonts));
}

std::optional<std::string> draw_lines(const Frame& frame, const PlacedLines& lines, ImVec2 at, Colour colour, int id) {
  std::optional<std::string> pressed;
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const float top = list->GetClipRectMin().y, bottom = list->GetClipRectMax().y;
  int number = 0;
  ImGui::PushID(id);
  for (const PlacedText& text : lines.texts) {
    ++number;
    const ImVec2 from{at.x + text.x, at.y + text.y};
    const float size = text.font->FontSize;
    if (from.y > bottom || from.y + size < top) continue;
    if (text.code)
      list->AddRectFilled({from.x - 1, from.y - 1}, {from.x + text.width + 1, from.y + size + 1}, frame.theme.raised,
                          2);
    if (!text.link.empty())
      if (auto target = draw_link(frame, text, from, number)) pressed = target;
    const Colour ink = text.link.empty() ? colour : frame.theme.accent;
    const char* const begin = text.text.data();
    list->AddText(text.font, size, from, ink, begin, begin + text.text.size());
    if (text.doubled) list->AddText(text.font, size, {from.x + 0.7F, from.y}, ink, begin, begin + text.text.size());
  }
  ImGui::PopID();
  return pressed;
}

Runs runs_of(std::string_view text) {
  Runs runs;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t begin = std::min(text.find('`', at), text.size());
    const std::size_t end = begin < text.size() ? text.find('`', begin + 1) : std::string_view::npos;
    const std::size_t plain_end = end == std::string_view::npos ? text.size() : begin;
    if (plain_end > at) runs.push_back({std::string(text.substr(at, plain_end - at))});
    if (end == std::string_view::npos) break;
    runs.push_back({.text = std::string(text.substr(begin + 1, end - begin - 1)), .code = true});
    at = end + 1;
  }
  return runs;
}

void rich_paragraph(const Frame& frame, std::string_view text, Colour colour, ImFont* plain) {
  const PlacedLines lines = lay_out(frame, runs_of(text), ImGui::GetContentRegionAvail().x - 2 * frame.scale,
                                    plain != nullptr ? plain : frame.fonts.text);
  draw_lines(frame, lines, ImGui::GetCursorScreenPos(), colour, 0);
  ImGui::Dummy({lines.width, lines.height});
}

std::optional<std::string> RichDocument::draw(const Frame& frame, const std::vector<Block>& blocks, float width) {
  if (width != width_ || blocks_ != blocks.data() || font_ != frame.fonts.text) {
    lay_out_all(frame, blocks, width);
    width_ = width;
    blocks_ = blocks.data();
    font_ = frame.fonts.text;
  }
  std::optional<std::string> pressed;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImDrawList* const list = ImGui::GetWindowDrawList();
  const float top = list->GetClipRectMin().y, bottom = list->GetClipRectMax().y;
  for (std::size_t i = 0; i < placed_.size(); ++i) {
    const PlacedBlock& placed = placed_[i];
    if (at.y + placed.y > bottom || at.y + placed.y + placed.height < top) continue;
    const ImVec2 from{at.x + placed.x, at.y + placed.y};
    if (auto target = draw_block(frame, blocks[i], placed, from, static_cast<int>(i))) pressed = target;
  }
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy({widest_, height_});
  return pressed;
}

void RichDocument::lay_out_all(const Frame& frame, const std::vector<Block>& blocks, float width) {
  placed_.assign(blocks.size(), {});
  widest_ = 0;
  const float text = frame.fonts.text->FontSize, step = std::round(1.4F * text);
  float y = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Block& block = blocks[i];
    PlacedBlock& placed = placed_[i];
    if (block.kind == BlockKind::heading && i > 0) y += std::round(text * 0.6F);
    placed.y = y;
    placed.x = block.kind == BlockKind::item ? step * static_cast<float>(block.level) : 0;
    placed.width = width - placed.x;
    if (block.kind == BlockKind::table) {
      lay_out_table(frame, block, placed, width);
    } else if (block.kind == BlockKind::code) {
      const std::string code = plain_text(block.runs);
      const auto lines = static_cast<float>(std::count(code.begin(), code.end(), '\n'));
      placed.lines.width = frame.fonts.mono->CalcTextSizeA(text, FLT_MAX, 0, code.c_str()).x + text;
      placed.height = std::max(1.0F, lines) * text + text;
      placed.width = std::max(width, placed.lines.width);
    } else if (block.kind == BlockKind::rule) {
      placed.height = text * 0.5F;
    } else if (block.kind == BlockKind::picture) {
      placed.picture = lay_out_picture(frame, block, placed.width);
      placed.height = placed.picture.height;
      placed.lines.width = placed.picture.width;
    } else {
      const bool is_heading = block.kind == BlockKind::heading;
      ImFont* const font = !is_heading ? frame.fonts.text : block.level == 1 ? frame.fonts.title : frame.fonts.bold;
      placed.lines = lay_out(frame, block.runs, placed.width, font);
      placed.height = placed.lines.height;
    }
    widest_ = std::max(widest_, placed.x + placed.lines.width);
    if (block.kind == BlockKind::table) widest_ = std::max(widest_, placed.width);
    const bool in_list =
        block.kind == BlockKind::item && i + 1 < blocks.size() && blocks[i + 1].kind == BlockKind::item;
    y += placed.height + std::round(text * (in_list ? 0.2F : 0.65F));
  }
  height_ = y;
}

// Columns get what they ask for; where that is too much, what is above each one's widest word is shared out.
void RichDocument::lay_out_table(const Frame& frame, const Block& block, PlacedBlock& placed, float width) const {
  if (block.rows.empty() || block.rows.front().empty()) return;
  const std::size_t columns = block.rows.front().size();
  const float pad = 6 * frame.scale;
  std::vector<float> wanted(columns, 0), least(columns, 0);
  const auto font_of = [&](std::size_t row) { return row == 0 ? frame.fonts.bold : frame.fonts.text; };
  for (std::size_t row = 0; row < block.rows.size(); ++row)
    for (std::size_t i = 0; i < columns; ++i) {
      const PlacedLines lines = lay_out(frame, block.rows[row][i], 100'000, font_of(row));
      wanted[i] = std::max(wanted[i], lines.width + 1);
      least[i] = std::max(least[i], lines.widest + 1);
    }
  float all_wanted = 0, all_least = 0;
  for (std::size_t i = 0; i < columns; ++i) all_wanted += wanted[i], all_least += least[i];
  const float room = width - 2 * pad * static_cast<float>(columns) - 1;
  const float share = all_wanted <= room        ? 1
                      : all_wanted == all_least ? 0
                                                : std::clamp((room - all_least) / (all_wanted - all_least), 0.0F, 1.0F);
  placed.width = 1;
  for (std::size_t i = 0; i < columns; ++i) {
    placed.columns.push_back(std::floor(least[i] + share * (wanted[i] - least[i])) + 2 * pad);
    placed.width += placed.columns.back();
    placed.numbers.push_back(is_column_of_numbers(block, i));
  }
  for (std::size_t row = 0; row < block.rows.size(); ++row) {
    auto& cells = placed.cells.emplace_back();
    float height = 0;
    for (std::size_t i = 0; i < columns; ++i) {
      cells.push_back(lay_out(frame, block.rows[row][i], placed.columns[i] - 2 * pad + 1, font_of(row)));
      height = std::max(height, cells.back().height);
    }
    placed.rows.push_back(height + pad);
    placed.height += placed.rows.back();
  }
}

std::optional<std::string> RichDocument::draw_block(const Frame& frame, const Block& block, const PlacedBlock& placed,
                                                    ImVec2 at, int id) const {
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const float text = frame.fonts.text->FontSize;
  switch (block.kind) {
    case BlockKind::table:
      return draw_table(frame, placed, at, id);
    case BlockKind::picture:
      return draw_picture(frame, block, placed.picture, at, id);
    case BlockKind::rule:
      list->AddLine({at.x, at.y + placed.height / 2}, {at.x + placed.width, at.y + placed.height / 2},
                    frame.theme.line);
      return std::nullopt;
    case BlockKind::code: {
      const std::string code = plain_text(block.runs);
      list->AddRectFilled(at, {at.x + placed.width, at.y + placed.height}, frame.theme.raised, 3 * frame.scale);
      list->AddText(frame.fonts.mono, text, {at.x + text / 2, at.y + text / 2}, frame.theme.text, code.c_str());
      return std::nullopt;
    }
    case BlockKind::item: {
      const float width = width_of(frame.fonts.text, block.marker);
      list->AddText(frame.fonts.text, text, {at.x - width - text * 0.4F, at.y}, frame.theme.dim, block.marker.c_str());
      break;
    }
    case BlockKind::heading:
    case BlockKind::paragraph:
      break;
  }
  return draw_lines(frame, placed.lines, at, frame.theme.text, id);
}

std::optional<std::string> RichDocument::draw_table(const Frame& frame, const PlacedBlock& placed, ImVec2 at,
                                                    int id) const {
  std::optional<std::string> pressed;
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const float pad = 6 * frame.scale, right = at.x + placed.width - 1;
  float y = at.y;
  ImGui::PushID(id);
  for (std::size_t row = 0; row < placed.cells.size(); ++row) {
    if (row == 0) list->AddRectFilled({at.x, y}, {right, y + placed.rows[row]}, frame.theme.raised);
    float x = at.x;
    for (std::size_t i = 0; i < placed.columns.size(); ++i) {
      const int cell = static_cast<int>(row * placed.columns.size() + i);
      const PlacedLines& lines = placed.cells[row][i];
      const float left = placed.numbers[i] ? placed.columns[i] - pad - lines.width : pad;
      if (auto target = draw_lines(frame, lines, {std::floor(x + left), y + pad / 2}, frame.theme.text, cell))
        pressed = target;
      x += placed.columns[i];
    }
    y += placed.rows[row];
    list->AddLine({at.x, y}, {right, y}, frame.theme.line);
  }
  ImGui::PopID();
  list->AddRect(at, {right, y}, frame.theme.line);
  float x = at.x;
  for (std::size_t i = 0; i + 1 < placed.columns.size(); ++i) {
    x += placed.columns[i];
    list->AddLine({x, at.y}, {x, y}, frame.theme.line);
  }
  return pressed;
}

}  // namespace trapline::window
