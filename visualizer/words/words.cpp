#include "visualizer/words/words.h"

namespace trapline::window {

namespace {

constexpr TextRow rows[] = {
#define TEXT(name, english, chinese) {Text::name, #name, {english, chinese}},
#include "visualizer/words/all.def"
#undef TEXT
};

}  // namespace

std::string_view Words::operator()(Text text) const {
  return rows[static_cast<std::size_t>(text)].sentence.in(language_);
}

std::string Words::fill(Text text, std::initializer_list<std::string_view> values) const {
  return filled((*this)(text), values);
}

std::span<const TextRow> all_texts() { return rows; }

}  // namespace trapline::window
