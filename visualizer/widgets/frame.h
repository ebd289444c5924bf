// What a view may see and ask while it draws.
#pragma once

#include "visualizer/model/desk.h"
#include "visualizer/model/document.h"
#include "visualizer/model/requests.h"
#include "visualizer/render/fonts.h"
#include "visualizer/render/picture_store.h"
#include "visualizer/widgets/theme.h"
#include "visualizer/words/words.h"

namespace trapline::window {

class LessonSession;
struct Landmarks;

struct Frame {
  const Document& document;
  Requests& requests;
  Desk& desk;
  const Theme& theme;
  const Words& words;
  const FontSet& fonts;              // never null while a frame is drawn
  float scale = 1;                   // of all sizes
  u64 ticks = 0;                     // frames drawn so far: for what blinks or asks again; never time
  LessonSession* lesson = nullptr;   // of the lab that is open; null without one
  Landmarks* landmarks = nullptr;    // null where nobody asks where things lie
  bool keys_free = true;             // false while letters choose what to press
  PictureStore* pictures = nullptr;  // of the lessons; null where none are shown

  // The question of most views: how are things after the event under the cursor?
  Question here(std::string about = {}) const {
    return {document.here(), document.subject, words.language(), 0, 0, std::move(about)};
  }
};

}  // namespace trapline::window
