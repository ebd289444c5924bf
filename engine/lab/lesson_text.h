// The faces of a rendered lesson: for a terminal, as Markdown, and for the window. In the source of all, \1N\2 stands
// behind the text of link N.
#pragma once

#include <string>
#include <vector>

#include "base/language.h"

namespace trapline::lab {

struct EventLink;
struct LessonPicture;

// Headings underlined, paragraphs and list items wrapped, code and tables as they are; the commands of a paragraph's
// links stand below it, and below a picture's caption where it lies.
std::string lesson_as_text(const std::string& source, const std::vector<EventLink>& links,
                           Language language = Language::english, const std::vector<LessonPicture>& pictures = {});

// Each link is `text (command)`; pictures are named as one finds them from the working folder.
std::string lesson_as_markdown(const std::string& source, const std::vector<EventLink>& links,
                               Language language = Language::english, const std::vector<LessonPicture>& pictures = {});

// Links stay links, `[text](event:LANE:SEQUENCE)`; one into a lane that this host cannot run is its text alone.
std::string lesson_as_linked(const std::string& source, const std::vector<EventLink>& links);

// `<!-- -->` is for writers.
std::string without_comments(const std::string& source);

// Words of prose: what a reader reads, without code blocks and tables.
std::size_t words_of(const std::string& source);

}  // namespace trapline::lab
