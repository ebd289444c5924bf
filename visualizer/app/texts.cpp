#include "visualizer/app/texts.h"

#include "explain/sentences.h"
#include "lab/sentences.h"
#include "visualizer/lesson/lab_job.h"

namespace trapline::window {

std::vector<std::string> texts_of(Language language) {
  std::vector<std::string> texts{"·•×→←↑↓▶◀▲▼●○■□✓✗…–—≤≥─│└├┬“”‘’《》「」、"};
  for (const TextRow& row : all_texts()) texts.emplace_back(row.sentence.in(language));
  for (const auto& row : explain::sentence_rows()) texts.emplace_back(row.sentence.in(language));
  for (const std::string_view text : explain::texts_of_spec(language)) texts.emplace_back(text);
  for (const Sentence& sentence : lab::sentence_rows()) texts.emplace_back(sentence.in(language));
  for (std::string& text : texts_of_labs(language)) texts.push_back(std::move(text));
  return texts;
}

}  // namespace trapline::window
