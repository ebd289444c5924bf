#include "lab/lesson_text.h"

#include <algorithm>
#include <sstream>

#include "base/wide_text.h"
#include "lab/lesson.h"
#include "lab/lesson_picture.h"
#include "lab/place.h"

namespace trapline::lab {

namespace {

constexpr std::size_t width = 100;

// Behind the text of a link. Chinese text has no spaces that would set the brackets off, so it takes full-width ones.
constexpr Sentence aside{" ({0}, {1})", "（{0}，{1}）"};
constexpr Sentence command{" (`{0}`)", "（`{0}`）"};
constexpr Sentence picture_here{"[Picture: {0}]", "[图：{0}]"};

// Replaces each mark by what `make` gives for its link.
template <typename Make>
std::string with_marks(const std::string& source, const std::vector<EventLink>& links, const Make& make) {
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t begin = source.find('\1', at);
    const std::size_t end = begin == std::string::npos ? begin : source.find('\2', begin);
    if (end == std::string::npos) return out + source.substr(at);
    const std::size_t number = std::stoul(source.substr(begin + 1, end - begin - 1));
    out += source.substr(at, begin - at) + make(links[number]);
    at = end + 1;
  }
}

std::string wrapped(const std::string& text, const std::string& first, const std::string& rest) {
  std::string out = first;
  std::size_t column = columns_of(first);
  bool fresh = true;
  for (const Piece& piece : pieces_of(text)) {
    const std::size_t columns = columns_of(piece.text), space = !fresh && piece.after_space ? 1 : 0;
    if (!fresh && column + space + columns > width) {
      out += "\n" + rest;
      column = columns_of(rest);
    } else {
      out += space ? " " : "";
      column += space;
    }
    out += piece.text;
    column += columns;
    fresh = false;
  }
  return out + "\n";
}

std::string without(std::string text, std::string_view mark) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) text.erase(at, mark.size());
  return text;
}

std::optional<std::string> shown_path_of(const PictureLine& picture, const std::vector<LessonPicture>& pictures) {
  for (const LessonPicture& known : pictures)
    if (known.target == picture.target) return shown_path(known.path);
  return std::nullopt;
}

// Markdown's links end at a space, unless they stand between angles.
std::string in_link(const std::string& path) {
  return path.find_first_of(" ()") == std::string::npos ? path : "<" + path + ">";
}

bool is_item(const std::string& line, std::string& marker) {
  const std::size_t first = line.find_first_not_of(' ');
  if (first == std::string::npos) return false;
  std::size_t end = first;
  if (line[first] == '-' || line[first] == '*') {
    end = first + 1;
  } else {
    while (end < line.size() && line[end] >= '0' && line[end] <= '9') ++end;
    if (end == first || end >= line.size() || line[end] != '.') return false;
    ++end;
  }
  if (end >= line.size() || line[end] != ' ') return false;
  marker = line.substr(0, end + 1);
  return true;
}

class TextForm {
 public:
  TextForm(const std::vector<EventLink>& links, const std::vector<LessonPicture>& pictures, Language language)
      : links_(links), pictures_(pictures), language_(language) {}

  std::string made_of(const std::string& source) {
    std::istringstream lines(source);
    bool in_code = false;
    for (std::string line; std::getline(lines, line);) {
      if (line.compare(0, 3, "```") == 0) {
        flush();
        in_code = !in_code;
      } else if (in_code) {
        out_ += "    " + line + "\n";
      } else {
        take(line);
      }
    }
    flush();
    tell_links();
    return out_;
  }

 private:
  void take(const std::string& line) {
    std::string marker;
    if (line.find_first_not_of(" \t") == std::string::npos) {
      flush();
      tell_links();
      if (!out_.empty() && out_.compare(out_.size() - std::min<std::size_t>(2, out_.size()), 2, "\n\n") != 0)
        out_ += '\n';
    } else if (line[0] == '#') {
      flush();
      heading(line);
    } else if (line[0] == '|') {
      flush();
      out_ += text_of(line) + "\n";
    } else if (const auto picture = picture_in(line)) {
      flush();
      show(*picture);
    } else if (is_item(line, marker) && may_begin_item(marker)) {
      flush();
      marker_ = marker;
      paragraph_ = line.substr(marker.size());
    } else {
      paragraph_ += " " + line;
    }
  }

  // A number and a full stop within a paragraph end a sentence; they begin an item only where one may stand.
  bool may_begin_item(const std::string& marker) const {
    const bool numbered = marker.find_first_of("0123456789") != std::string::npos;
    return !numbered || paragraph_.empty() || !marker_.empty();
  }

  void heading(const std::string& line) {
    const std::size_t level = line.find_first_not_of('#');
    if (level == std::string::npos) return;
    const std::string title =
        text_of(line.substr(line.find_first_not_of("# ") == std::string::npos ? level : line.find_first_not_of("# ")));
    out_ += title + "\n" + std::string(columns_of(title), level == 1 ? '=' : '-') + "\n";
  }

  // The path stands alone in its line, so that it is whole whatever its length.
  void show(const PictureLine& picture) {
    out_ += wrapped(text_of(filled(picture_here.in(language_), {picture.caption})), "", "");
    if (const auto path = shown_path_of(picture, pictures_)) out_ += "    " + *path + "\n";
  }

  std::string text_of(const std::string& text) {
    return without(with_marks(text, links_,
                              [&](const EventLink& link) {
                                pending_.push_back(&link);
                                return filled(aside.in(language_), {link.lane, link.where});
                              }),
                   "**");
  }

  void flush() {
    if (!paragraph_.empty()) {
      const std::string text = text_of(paragraph_);
      out_ += wrapped(text, marker_, std::string(marker_.size(), ' '));
    }
    paragraph_.clear();
    marker_.clear();
  }

  void tell_links() {
    for (const EventLink* link : pending_) out_ += "    " + link->command + "\n";
    pending_.clear();
  }

  const std::vector<EventLink>& links_;
  const std::vector<LessonPicture>& pictures_;
  Language language_;
  std::vector<const EventLink*> pending_;
  std::string out_, paragraph_, marker_;
};

}  // namespace

std::string without_comments(const std::string& source) {
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t begin = source.find("<!--", at);
    const std::size_t end = begin == std::string::npos ? begin : source.find("-->", begin);
    if (end == std::string::npos) return out + source.substr(at);
    out += source.substr(at, begin - at);
    at = end + 3;
  }
}

std::string lesson_as_text(const std::string& source, const std::vector<EventLink>& links, Language language,
                           const std::vector<LessonPicture>& pictures) {
  return TextForm(links, pictures, language).made_of(without_comments(source));
}

std::string lesson_as_markdown(const std::string& source, const std::vector<EventLink>& links, Language language,
                               const std::vector<LessonPicture>& pictures) {
  const std::string found = with_pictures(source, [&](const PictureLine& picture, unsigned) {
    const auto path = shown_path_of(picture, pictures);
    return "![" + picture.caption + "](" + (path ? in_link(*path) : picture.target) + ")";
  });
  return with_marks(found, links,
                    [language](const EventLink& link) { return filled(command.in(language), {link.command}); });
}

std::string lesson_as_linked(const std::string& source, const std::vector<EventLink>& links) {
  std::string out;
  std::size_t at = 0;
  for (const EventLink& link : links) {
    const std::size_t begin = source.find('\1', at), end = source.find('\2', begin);
    if (end == std::string::npos) break;
    out += source.substr(at, begin - at);
    if (link.sequence) {
      out.insert(out.size() - link.text.size(), "[");
      out += "](event:" + link.lane + ":" + std::to_string(*link.sequence) + ")";
    }
    at = end + 1;
  }
  out += source.substr(at);
  return without_comments(out);
}

std::size_t words_of(const std::string& source) {
  std::istringstream lines(source);
  std::size_t count = 0;
  bool in_code = false;
  for (std::string line; std::getline(lines, line);) {
    const bool fence = line.compare(0, 3, "```") == 0;
    if (fence) in_code = !in_code;
    if (fence || in_code || (!line.empty() && line[0] == '|')) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) ++count;
  }
  return count;
}

}  // namespace trapline::lab
