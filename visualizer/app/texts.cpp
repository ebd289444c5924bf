#include "visualizer/app/texts.h"

#include <charconv>
#include <filesystem>

#include "explain/sentences.h"
#include "lab/place.h"
#include "session/catalog.h"

namespace trapline::window {

namespace {

std::optional<u64> number_in(std::string_view text) {
  u64 number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

namespace {

// What is read rather than compiled: the lessons and the labs' questions.
void add_files(std::vector<std::string>& texts, const std::filesystem::path& folder, const std::string& ending) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; entry != end && !error;
       entry.increment(error))
    if (entry->path().string().ends_with(ending))
      if (auto text = lab::read_file(entry->path().string())) texts.push_back(std::move(*text));
}

}  // namespace

std::vector<std::string> texts_of(Language language) {
  std::vector<std::string> texts{"·×→←↑↓▶◀▲▼●○■□✓✗…–—≤≥─│└├┬"};
  for (const TextRow& row : all_texts()) texts.emplace_back(row.sentence.in(language));
  for (const auto& row : explain::sentence_rows()) texts.emplace_back(row.sentence.in(language));
  for (const auto& row : explain::spec_sentences()) texts.emplace_back(row.chinese);
  const std::string home = session::home_folder();
  if (language == Language::chinese) {
    add_files(texts, home + "/lessons/zh", ".md");
    add_files(texts, home + "/labs", "zh.lua");
  } else {
    add_files(texts, home + "/lessons", ".md");
  }
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
