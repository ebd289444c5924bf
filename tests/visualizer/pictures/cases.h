// One moment for each view: where it has much to show.
#pragma once

#include "visualizer/app/panel_picture.h"

namespace trapline::window::test {

// Nothing where the table has no row for the view. 700x500, dark, English.
std::optional<PanelRequest> case_of(std::string_view view);

// The atlas of a language, made once.
std::shared_ptr<FontAtlas> shared_fonts(Language language);

}  // namespace trapline::window::test
