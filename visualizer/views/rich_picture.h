// A lesson's picture within its text: scaled down to the width that there is, its place known before it is drawn, and
// shown larger when it is pressed.
#pragma once

#include "visualizer/views/rich_text.h"

namespace trapline::window {

// As large as fits into the width, and into the height where there is one; never larger than its own pixels times the
// scale. At least a pixel.
PictureSize fitted(PictureSize own, float scale, float width, float height = 0);

// `block` is a picture whose target is a path. Where the file cannot be shown, a sentence says so above the caption.
PlacedPicture lay_out_picture(const Frame& frame, const Block& block, float width);
// The target of the link that was pressed in the caption.
std::optional<std::string> draw_picture(const Frame& frame, const Block& block, const PlacedPicture& placed, ImVec2 at,
                                        int id);

}  // namespace trapline::window
