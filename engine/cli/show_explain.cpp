// One event in a paragraph, with the events that it comes from and leads to.
#include "base/json.h"
#include "cli/show.h"
#include "cli/table.h"
#include "explain/explain.h"

namespace trapline::cli {

namespace {

std::string as_json(const explain::Explanation& told, u64 at) {
  Json links = Json::array();
  for (const explain::Link& link : told.links)
    links.push(Json::object().set("text", link.text).set("seq", link.sequence));
  return Json::object()
             .set("seq", at)
             .set("title", told.title)
             .set("text", told.paragraph)
             .set("manual", told.manual)
             .set("links", links)
             .line() +
         "\n";
}

}  // namespace

Result<std::string> show_explain(const trace::EventSource& source, u64 at, Form form, Language language) {
  const explain::Explanation told = explain::explain(source, at, language);
  if (form == Form::json) return as_json(told, at);
  std::string text = "#" + std::to_string(at) + "  " + told.title + "\n\n" + told.paragraph + "\n";
  if (!told.links.empty()) text += "\n";
  for (const explain::Link& link : told.links) text += "  #" + std::to_string(link.sequence) + "  " + link.text + "\n";
  if (!told.manual.empty()) text += "\n" + told.manual + "\n";
  return text;
}

}  // namespace trapline::cli
