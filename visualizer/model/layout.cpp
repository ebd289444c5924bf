#include "visualizer/model/layout.h"

#include <algorithm>
#include <cmath>

namespace trapline::window {

namespace {

constexpr int deepest = 6;
constexpr double least_share = 0.05;

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<Layout> whole() {
    auto layout = one(0);
    skip_space();
    return layout && rest_.empty() ? layout : std::nullopt;
  }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
  }
  bool take(char letter) {
    skip_space();
    if (rest_.empty() || rest_.front() != letter) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string name() {
    skip_space();
    std::size_t length = 0;
    while (length < rest_.size() && ((rest_[length] >= 'a' && rest_[length] <= 'z') || rest_[length] == '_')) ++length;
    const std::string word(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return word;
  }
  std::optional<double> percent() {
    skip_space();
    unsigned number = 0;
    std::size_t length = 0;
    while (length < rest_.size() && length < 3 && rest_[length] >= '0' && rest_[length] <= '9')
      number = number * 10 + static_cast<unsigned>(rest_[length++] - '0');
    rest_.remove_prefix(length);
    return length == 0 || number == 0 || number > 100 ? std::nullopt : std::optional(number / 100.0);
  }

  std::optional<Layout> one(int depth) {
    if (depth > deepest) return std::nullopt;
    std::string word = name();
    if (word.empty()) return std::nullopt;
    if ((word == "rows" || word == "columns") && take('('))
      return split(word == "rows" ? Layout::Kind::rows : Layout::Kind::columns, depth);
    return leaf(std::move(word));
  }

  std::optional<Layout> leaf(std::string first) {
    Layout layout;
    layout.views.push_back(std::move(first));
    if (take('*')) layout.shown = 0;
    while (take('+')) {
      layout.views.push_back(name());
      if (layout.views.back().empty()) return std::nullopt;
      if (take('*')) layout.shown = layout.views.size() - 1;
    }
    return layout;
  }

  std::optional<Layout> split(Layout::Kind kind, int depth) {
    Layout layout;
    layout.kind = kind;
    double sum = 0;
    do {
      const auto share = percent();
      if (!share) return std::nullopt;
      auto part = one(depth + 1);
      if (!part) return std::nullopt;
      sum += *share;
      layout.parts.push_back({*share, std::move(*part)});
    } while (take(','));
    if (!take(')')) return std::nullopt;
    for (Layout::Part& part : layout.parts) part.share /= sum;
    return layout;
  }

  std::string_view rest_;
};

void find_largest(Layout& layout, double area, Layout*& largest, double& most) {
  if (layout.kind == Layout::Kind::leaf) {
    if (area > most) {
      most = area;
      largest = &layout;
    }
    return;
  }
  for (Layout::Part& part : layout.parts) find_largest(part.layout, area * part.share, largest, most);
}

bool holds(const Layout& layout, std::string_view view) {
  if (layout.kind == Layout::Kind::leaf)
    return std::find(layout.views.begin(), layout.views.end(), view) != layout.views.end();
  return std::any_of(layout.parts.begin(), layout.parts.end(),
                     [&](const Layout::Part& part) { return holds(part.layout, view); });
}

constexpr LayoutPreset presets[] = {
    {"overview", Text::layout_overview,
     "rows(24 timeline, 76 columns(40 events, 60 rows(45 explain+code, 55 exits+compare+console)))"},
    {"lesson", Text::layout_lesson,
     "columns(36 lesson, 64 rows(30 timeline, 70 columns(45 events+exits+compare, 55 rows(45 explain, 55 "
     "walk+tlb+tables+ept+vmcs+registers+code+memory+ring+console))))"},
    {"paging", Text::layout_paging,
     "rows(18 timeline, 82 columns(44 rows(50 events+explain, 50 tlb+tables+ept+memory), 56 walk))"},
    {"vmx", Text::layout_vmx,
     "rows(18 timeline, 82 columns(28 events, 42 vmcs, 30 rows(40 explain, 60 registers+code+exits)))"},
    {"shadow", Text::layout_shadow,
     "rows(18 timeline, 82 columns(28 events+explain, 44 tables, 28 rows(50 walk+tlb, 50 code+registers)))"},
    {"devices", Text::layout_devices,
     "rows(18 timeline, 82 columns(30 events+explain, 40 ring, 30 rows(50 console, 50 memory+registers)))"},
    {"compare", Text::layout_compare,
     "rows(30 timeline, 70 columns(60 compare, 40 rows(50 exits, 50 explain+events)))"},
};

}  // namespace

std::optional<Layout> layout_in(std::string_view text) { return Parser(text).whole(); }

std::string text_of(const Layout& layout) {
  std::string text;
  if (layout.kind == Layout::Kind::leaf) {
    for (std::size_t i = 0; i < layout.views.size(); ++i)
      text += (i == 0 ? "" : "+") + layout.views[i] + (i == layout.shown && i != 0 ? "*" : "");
    return text;
  }
  text = layout.kind == Layout::Kind::rows ? "rows(" : "columns(";
  for (std::size_t i = 0; i < layout.parts.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(std::max(1L, std::lround(layout.parts[i].share * 100))) + " " +
            text_of(layout.parts[i].layout);
  return text + ")";
}

Layout* bring_up(Layout& layout, std::string_view view) {
  if (layout.kind == Layout::Kind::leaf) {
    const auto found = std::find(layout.views.begin(), layout.views.end(), view);
    if (found == layout.views.end()) return nullptr;
    layout.shown = static_cast<std::size_t>(found - layout.views.begin());
    return &layout;
  }
  for (Layout::Part& part : layout.parts)
    if (Layout* const leaf = bring_up(part.layout, view)) return leaf;
  return nullptr;
}

void add_view(Layout& layout, std::string_view view) {
  Layout* largest = nullptr;
  double most = 0;
  find_largest(layout, 1, largest, most);
  if (largest == nullptr) return;
  largest->views.emplace_back(view);
  largest->shown = largest->views.size() - 1;
}

void move_border(Layout& split, std::size_t before, double by) {
  if (before + 1 >= split.parts.size()) return;
  double& left = split.parts[before].share;
  double& right = split.parts[before + 1].share;
  const double sum = left + right, least = std::min(least_share, sum / 2);
  left = std::clamp(left + by, least, sum - least);
  right = sum - left;
}

bool resize_panel(Layout& layout, std::string_view view, Layout::Kind kind, double by) {
  for (std::size_t i = 0; i < layout.parts.size(); ++i) {
    Layout& part = layout.parts[i].layout;
    if (!holds(part, view)) continue;
    if (resize_panel(part, view, kind, by)) return true;
    if (layout.kind != kind || layout.parts.size() < 2) return false;
    const bool last = i + 1 == layout.parts.size();
    move_border(layout, last ? i - 1 : i, last ? -by : by);
    return true;
  }
  return false;
}

std::span<const LayoutPreset> layout_presets() { return presets; }

const LayoutPreset* find_layout_preset(std::string_view name) {
  const auto* const found = std::find_if(std::begin(presets), std::end(presets),
                                         [&](const LayoutPreset& preset) { return preset.name == name; });
  return found == std::end(presets) ? nullptr : found;
}

}  // namespace trapline::window
