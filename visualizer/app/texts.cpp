#include "visualizer/app/texts.h"

#include <charconv>

#include "explain/sentences.h"
#include "lab/sentences.h"
#include "visualizer/lesson/lab_job.h"

namespace trapline::window {

namespace {

std::optional<u64> number_in(std::string_view text) {
  u64 number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::vector<std::string> texts_of(Language language) {
  std::vector<std::string> texts{"·•×→←↑↓▶◀▲▼●○■□✓✗…–—≤≥─│└├┬“”‘’《》「」、"};
  for (const TextRow& row : all_texts()) texts.emplace_back(row.sentence.in(language));
  for (const auto& row : explain::sentence_rows()) texts.emplace_back(row.sentence.in(language));
  for (const std::string_view text : explain::texts_of_spec(language)) texts.emplace_back(text);
  for (const Sentence& sentence : lab::sentence_rows()) texts.emplace_back(sentence.in(language));
  for (std::string& text : texts_of_labs(language)) texts.push_back(std::move(text));
  return texts;
}

Result<u64> position_named(const trace::EventSource& source, const std::string& text) {
  const u64 end = source.end();
  if (text == "end") return end == 0 ? 0 : end - 1;
  const std::size_t hash = text.find('#');
  const auto number = number_in(hash == std::string::npos ? text : std::string_view(text).substr(hash + 1));
  if (!number)
    return usage_error("'" + text + "' is no event; write a number such as 4711, or a kind such as vm_exit#3");
  const auto found =
      hash == std::string::npos ? (*number < end ? number : std::nullopt) : source.nth(text.substr(0, hash), *number);
  if (!found) return usage_error("the trace has no event " + text + "; it holds " + std::to_string(end) + " events");
  return *found;
}

}  // namespace trapline::window
