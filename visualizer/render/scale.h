// A picture made smaller, in whole numbers: each new pixel is the mean of the area that it stands for, with the parts
// of old pixels that lie across its edge.
#pragma once

#include "visualizer/render/picture.h"

namespace trapline::window {

// No side grows: one that is asked to stays as it is. None becomes less than a pixel.
Picture scaled_down(const Picture& picture, PictureSize size);

}  // namespace trapline::window
