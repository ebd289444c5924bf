#include "pictures/cases.h"

#include <algorithm>

#include "pictures/traces.h"

namespace trapline::window::test {

namespace {

enum class Traces : u8 { full, para, hardware, deep, three, lab };

struct Case {
  std::string_view view;
  Traces traces;
  std::string_view at;
  std::size_t lane = 0;
  views::Subject subject = {};
  std::string_view filter = {};
};

constexpr Case cases[] = {
    {"lesson", Traces::lab, "0"},
    {"events", Traces::hardware, "vm_exit#40"},
    {"explain", Traces::hardware, "vm_exit#11"},
    {"compare", Traces::three, "end", 2},
    {"exits", Traces::three, "end", 2},
    {"timeline", Traces::three, "vm_exit#400", 2},
    {"walk", Traces::hardware, "235"},
    {"tables", Traces::full, "shadow_fill#60"},
    {"ept", Traces::hardware, "vm_exit#11"},
    {"tlb", Traces::hardware, "tlb_fill#138"},
    {"vmcs", Traces::hardware, "vm_exit#400"},
    {"code", Traces::deep, "instruction#30000"},
    {"registers", Traces::deep, "instruction#30000"},
    {"memory", Traces::hardware, "vm_exit#400", 0, {views::SubjectKind::guest_physical, 0x1000, 8}},
    {"ring", Traces::para, "virtio_used_publish#3"},
    {"console", Traces::hardware, "vm_exit#400"},
};

std::vector<std::string> paths_of(Traces traces) {
  switch (traces) {
    case Traces::full:
      return {tour().full};
    case Traces::para:
      return {tour().para};
    case Traces::hardware:
      return {tour().hardware};
    case Traces::deep:
      return {tour().deep};
    case Traces::three:
      return tour().three();
    case Traces::lab:
      break;
  }
  return {};
}

}  // namespace

std::optional<PanelRequest> case_of(std::string_view view) {
  const auto* const found =
      std::find_if(std::begin(cases), std::end(cases), [&](const Case& row) { return row.view == view; });
  if (found == std::end(cases)) return std::nullopt;
  PanelRequest request{.view = std::string(view), .traces = paths_of(found->traces)};
  if (found->traces == Traces::lab) request.lab = "07";
  request.lane = found->lane;
  request.at = found->at;
  request.subject = found->subject;
  request.filter = found->filter;
  request.width = 700;
  request.height = 500;
  request.fonts = shared_fonts(Language::english);
  return request;
}

std::shared_ptr<FontAtlas> shared_fonts(Language language) {
  static std::shared_ptr<FontAtlas> made[2];
  auto& fonts = made[language == Language::english ? 0 : 1];
  if (!fonts) fonts = fonts_of(language);
  return fonts;
}

}  // namespace trapline::window::test
