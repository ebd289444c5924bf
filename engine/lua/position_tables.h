// Folds as tables: those that take more than a few lines.
#pragma once

#include "lua/value.h"
#include "views/ring.h"
#include "views/shadow.h"

namespace trapline::lua {

Table ring_table(const views::RingView& view);
Table shadow_table(const views::ShadowView& view);

}  // namespace trapline::lua
