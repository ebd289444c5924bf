#include "lab/lesson.h"

#include <algorithm>
#include <charconv>

#include "check/clean.h"
#include "lab/lesson_picture.h"
#include "lab/lesson_text.h"
#include "lab/words.h"

namespace trapline::lab {

namespace {

constexpr const char* lesson_functions = R"lua(
  function n(number)
    local digits = tostring(number)
    repeat
      local count
      digits, count = digits:gsub("^(-?%d+)(%d%d%d)", "%1,%2")
    until count == 0
    return digits
  end
  function hex(number) return ("0x%x"):format(number) end
)lua";

unsigned line_at(std::string_view text, std::size_t position) {
  return 1 +
         static_cast<unsigned>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n"), last = text.find_last_not_of(" \t\n");
  return first == std::string_view::npos ? "" : std::string(text.substr(first, last - first + 1));
}

class Renderer {
 public:
  Renderer(const Definition& definition, const LabLanes& lanes, std::string name)
      : definition_(definition), lanes_(lanes), name_(std::move(name)) {}

  Result<Lesson> render(std::string source) {
    std::erase_if(source, [](char letter) { return letter == '\1' || letter == '\2'; });  // our own marks
    if (auto opened = open(); !opened) return opened.error();
    auto figures = with_figures(source);
    if (!figures) return figures.error();
    auto text = with_links(*figures);
    if (!text) return text.error();
    if (auto found = find_pictures(*text); !found) return found.error();
    lesson_.text = lesson_as_text(*text, lesson_.links, definition_.language, lesson_.pictures);
    lesson_.markdown = lesson_as_markdown(*text, lesson_.links, definition_.language, lesson_.pictures);
    lesson_.linked = lesson_as_linked(*text, lesson_.links);
    return std::move(lesson_);
  }

 private:
  Result<> open() {
    auto sandbox = open_sandbox_of(definition_.place);
    if (!sandbox) return sandbox.error();
    sandbox_ = std::move(*sandbox);
    if (auto run = sandbox_->run(lesson_functions, "lesson"); !run) return run.error();
    lua::Table lanes;
    for (const auto& [name, lane] : lanes_) {
      if (lane.error) continue;
      sandbox_->set_global(name, lane.trace);
      lanes.set(name, lane.trace);
    }
    sandbox_->set_global("lanes", lanes);
    sandbox_->set_global("seed", definition_.seed);
    return {};
  }

  Result<std::string> figure(const std::string& code, unsigned line) {
    const std::string place = name_ + ":" + std::to_string(line);
    const auto results = sandbox_->run("return " + code, place);
    if (!results) return usage_error(place + ": {{ " + code + " }}: " + results.error().sentence);
    if (results->empty() || results->front().is_nil())
      return usage_error(place + ": {{ " + code + " }} gives nothing; a figure must be a number or a text");
    const lua::Value& value = results->front();
    std::string text = value.string() ? check::many_lines(*value.string()) : value.text(2000);
    lesson_.expressions.push_back({code, text, line});
    return text;
  }

  Result<std::string> with_figures(const std::string& source) {
    std::string out;
    for (std::size_t at = 0;;) {
      const std::size_t begin = source.find("{{", at);
      if (begin == std::string::npos) return out + source.substr(at);
      const std::size_t end = source.find("}}", begin);
      const unsigned line = line_at(source, begin);
      if (end == std::string::npos)
        return usage_error(name_ + ":" + std::to_string(line) + ": {{ without }}: close the expression");
      auto text = figure(trimmed(std::string_view(source).substr(begin + 2, end - begin - 2)), line);
      if (!text) return text.error();
      out += source.substr(at, begin - at) + *text;
      at = end + 2;
    }
  }

  // Links become `text` and a mark, \1 and the link's number and \2, which the two forms replace.
  Result<std::string> with_links(const std::string& source) {
    std::string out;
    for (std::size_t at = 0;;) {
      const std::size_t target = source.find("](event:", at);
      const std::size_t begin = target == std::string::npos ? target : source.rfind('[', target);
      if (begin == std::string::npos || begin < at) {
        if (target == std::string::npos) return out + source.substr(at);
        return usage_error(name_ + ":" + std::to_string(line_at(source, target)) + ": a link without its [");
      }
      const std::size_t end = source.find(')', target);
      if (end == std::string::npos)
        return usage_error(name_ + ":" + std::to_string(line_at(source, target)) + ": a link without its )");
      EventLink link;
      link.text = source.substr(begin + 1, target - begin - 1);
      link.line = line_at(source, begin);
      if (auto resolved = resolve(link, source.substr(target + 8, end - target - 8)); !resolved)
        return resolved.error();
      out += source.substr(at, begin - at) + link.text + "\1" + std::to_string(lesson_.links.size()) + "\2";
      lesson_.links.push_back(link);
      at = end + 1;
    }
  }

  Result<> find_pictures(const std::string& source) {
    Result<> outcome;
    with_pictures(source, [&](const PictureLine& picture, unsigned line) {
      const auto path = picture_path(definition_.place.lesson_in(definition_.language), picture.target);
      if (path) lesson_.pictures.push_back({picture.target, *path, line});
      if (!path && outcome) outcome = usage_error(name_ + ":" + std::to_string(line) + ": " + path.error().sentence);
      return std::string();
    });
    return outcome;
  }

  Result<> resolve(EventLink& link, const std::string& target) {
    const std::string place = name_ + ":" + std::to_string(link.line) + ": link event:" + target + ": ";
    const std::size_t colon = target.find(':');
    if (colon == std::string::npos) return usage_error(place + "write event:LANE:NUMBER or event:LANE:KIND#N");
    link.lane = target.substr(0, colon);
    link.where = target.substr(colon + 1);
    const auto lane = lanes_.find(link.lane);
    if (lane == lanes_.end()) return usage_error(place + "the lab has no lane '" + link.lane + "'");
    if (lane->second.error) {
      link.command = "(" + lane->second.error->sentence + ")";
      return {};
    }
    const trace::EventSource& source = *source_of(lane->second.trace);
    const std::size_t hash = link.where.find('#');
    const std::string digits = hash == std::string::npos ? link.where : link.where.substr(hash + 1);
    u64 number = 0;
    const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || last != digits.data() + digits.size()) return usage_error(place + "no such event");
    const auto sequence =
        hash == std::string::npos ? std::optional(number) : source.nth(link.where.substr(0, hash), number);
    const auto event = sequence ? source.at(*sequence) : std::nullopt;
    if (!event) return usage_error(place + "the trace holds no such event");
    link.sequence = *sequence;
    link.command = show_command(out_folder(definition_.place.name, definition_.seed) + "/" + link.lane + ".trap",
                                *sequence, event->kind_name());
    return {};
  }

  const Definition& definition_;
  const LabLanes& lanes_;
  std::string name_;
  std::unique_ptr<lua::Sandbox> sandbox_;
  Lesson lesson_;
};

}  // namespace

Result<Lesson> render_lesson(const Definition& definition, const LabLanes& lanes) {
  const std::string path = definition.place.lesson_in(definition.language);
  const auto source = read_file(path);
  if (!source) return source.error();
  return render_lesson(definition, lanes, *source, shown_path(path));
}

Result<Lesson> render_lesson(const Definition& definition, const LabLanes& lanes, const std::string& source,
                             const std::string& name) {
  return Renderer(definition, lanes, name).render(source);
}

}  // namespace trapline::lab
