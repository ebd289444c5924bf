// One view alone, drawn without a display: what approved pictures of views are made by.
#pragma once

#include "base/result.h"
#include "visualizer/model/document.h"
#include "visualizer/render/headless.h"
#include "visualizer/views/view.h"
#include "visualizer/words/words.h"

namespace trapline::window {

struct PanelRequest {
  std::string view;
  std::vector<std::string> traces;
  std::size_t lane = 0;
  std::string at = "end";  // sequence number, kind#n, or `end`
  views::Subject subject;
  std::string filter;
  std::vector<Key> keys;             // pressed one after the other before the picture is taken
  float mouse_x = -1, mouse_y = -1;  // in the panel; outside: no tooltip
  int width = 800, height = 600;
  ThemeName theme = ThemeName::dark;
  Language language = Language::english;
  std::shared_ptr<FontAtlas> fonts;  // made before by fonts_of(), so that many pictures share it; its own where null
  // A lab that is open beside the traces; its lanes stand for them where there are none.
  std::string lab;
  u64 seed = 1;
  std::string answers;  // a file of them, all checked beforehand where `checker` names a program
  std::string checker;
  unsigned hints = 0;                       // shown of each task
  std::vector<std::pair<int, int>> clicks;  // one after the other
  int scroll = 0;                           // of the wheel, in lines, where the last click was
};

std::shared_ptr<FontAtlas> fonts_of(Language language);

// Errors: no such view, a trace that cannot be opened, an event that is not there.
Result<Picture> panel_picture(const PanelRequest& request);
Result<Picture> panel_picture(const PanelRequest& request, std::unique_ptr<LaneSet> lanes,
                              LessonSession* lesson = nullptr);

}  // namespace trapline::window
