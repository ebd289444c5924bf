// The filter's parser: recursive descent over the tokens, one function per rule of the grammar in filter.h.
#include "trace/filter.h"

#include <algorithm>
#include <cctype>

#include "base/nearest.h"
#include "trace/filter_lexer.h"
#include "trace/filter_node.h"

namespace trapline::trace {
namespace {

using Node = std::unique_ptr<FilterNode>;
using Parsed = Result<Node>;

constexpr unsigned deepest = 100;

constexpr std::string_view header_names[] = {"seq", "kind", "vcpu", "tick", "retired", "cause", "provenance"};

std::optional<HeaderField> header_field(std::string_view name) {
  for (std::size_t i = 0; i < std::size(header_names); ++i)
    if (header_names[i] == name) return static_cast<HeaderField>(i);
  return std::nullopt;
}

Comparison comparison_of(std::string_view text) {
  if (text == "==") return Comparison::equal;
  if (text == "!=") return Comparison::unequal;
  if (text == "<") return Comparison::less;
  if (text == "<=") return Comparison::at_most;
  return text == ">" ? Comparison::greater : Comparison::at_least;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  out += text.substr(0, 40);
  return out += '\'';
}

// A comparison and its values as written, before anyone knows which field they belong to.
struct Test {
  Comparison comparison = Comparison::not_zero;
  Token low;
  Token high;
};

class Parser {
 public:
  Parser(std::vector<Token> tokens, const Schema& schema)
      : tokens_(std::move(tokens)), schema_(schema), all_(schema.all_kinds()) {}

  Parsed whole() {
    Parsed result = either();
    if (result && here().kind != TokenKind::end)
      return filter_error(here().position, quoted(here().text) + " is more than the filter needs; join with and, or");
    return result;
  }

 private:
  const Token& here() const { return tokens_[at_]; }
  const Token& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool at_keyword(std::string_view keyword) const;
  bool take_keyword(std::string_view keyword) { return at_keyword(keyword) && (take(), true); }

  Parsed either();
  Parsed both();
  Parsed negated();
  Parsed primary();
  Parsed named(const Token& name);
  Parsed qualified(const Token& kind, const Token& field);
  Result<Test> test();
  Result<Token> value();

  Parsed header_test(HeaderField field, const Token& place, const Test& test);
  Parsed field_test(std::string_view field, const KindSet& kinds, const Test& test);
  // What a token means for one field; nothing where its vocabulary has no such word.
  std::optional<Operand> operand(const Test& test, const VocabularySchema* vocabulary) const;
  Error no_such_word(const Test& test, const std::vector<const VocabularySchema*>& vocabularies) const;
  std::vector<std::string_view> known_names() const;

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  const Schema& schema_;
  const KindSet all_;
};

bool is_keyword(const Token& token, std::string_view keyword) {
  return token.kind == TokenKind::word &&
         std::equal(token.text.begin(), token.text.end(), keyword.begin(), keyword.end(),
                    [](unsigned char letter, char wanted) { return std::tolower(letter) == wanted; });
}

bool Parser::at_keyword(std::string_view keyword) const { return is_keyword(here(), keyword); }

Parsed Parser::either() {
  Parsed left = both();
  while (left && take_keyword("or")) {
    Parsed right = both();
    if (!right) return right;
    left = make_either(std::move(*left), std::move(*right));
  }
  return left;
}

Parsed Parser::both() {
  Parsed left = negated();
  while (left && take_keyword("and")) {
    Parsed right = negated();
    if (!right) return right;
    left = make_both(std::move(*left), std::move(*right));
  }
  return left;
}

Parsed Parser::negated() {
  if (!at_keyword("not")) return primary();
  if (++depth_ > deepest) return filter_error(here().position, "nested deeper than 100; write it flatter");
  take();
  Parsed inner = negated();
  --depth_;
  if (!inner) return inner;
  return make_not(std::move(*inner));
}

Parsed Parser::primary() {
  const Token token = take();
  if (token.kind == TokenKind::open) {
    if (++depth_ > deepest) return filter_error(token.position, "nested deeper than 100; write it flatter");
    Parsed inner = either();
    --depth_;
    if (inner && here().kind != TokenKind::close) return filter_error(here().position, "a ')' is missing");
    if (inner) take();
    return inner;
  }
  if (token.kind == TokenKind::end) return filter_error(token.position, "a kind or a field is missing");
  if (token.kind != TokenKind::word)
    return filter_error(token.position, quoted(token.text) + " stands where a kind or a field should");
  if (here().kind != TokenKind::dot) return named(token);
  take();
  if (here().kind != TokenKind::word) return filter_error(here().position, "a field's name is missing after the dot");
  return qualified(token, take());
}

// KIND, or FIELD with or without a test.
Parsed Parser::named(const Token& name) {
  const EventSchema* const event = schema_.find_event(name.text);
  Result<Test> tested = test();
  if (!tested) return tested.error();
  if (const std::optional<HeaderField> header = header_field(name.text)) return header_test(*header, name, *tested);
  KindSet kinds;
  for (const EventSchema& candidate : schema_.events())
    kinds[candidate.number] = candidate.find_field(name.text).has_value();
  if (event != nullptr && (tested->comparison == Comparison::not_zero || kinds.none())) {
    if (tested->comparison != Comparison::not_zero)
      return filter_error(name.position, std::string(name.text) + " is a kind; compare one of its fields, as in " +
                                             event->name + "." +
                                             (event->fields.empty() ? "tick" : event->fields.front().name));
    return make_kind(KindSet().set(event->number), all_);
  }
  if (kinds.none()) {
    const std::vector<std::string_view> known = known_names();
    return filter_error(name.position,
                        "there is no kind or field " + quoted(name.text) + did_you_mean(name.text, known));
  }
  return field_test(name.text, kinds, *tested);
}

Parsed Parser::qualified(const Token& kind, const Token& field) {
  const EventSchema* const event = schema_.find_event(kind.text);
  if (event == nullptr) {
    std::vector<std::string_view> known;
    for (const EventSchema& candidate : schema_.events()) known.push_back(candidate.name);
    return filter_error(kind.position, "there is no kind " + quoted(kind.text) + did_you_mean(kind.text, known));
  }
  const Token named_field = field;
  Result<Test> tested = test();
  if (!tested) return tested.error();
  const KindSet kinds = KindSet().set(event->number);
  if (event->find_field(named_field.text)) return field_test(named_field.text, kinds, *tested);
  if (const std::optional<HeaderField> header = header_field(named_field.text)) {
    Parsed inner = header_test(*header, named_field, *tested);
    if (!inner) return inner;
    return make_both(make_kind(kinds, all_), std::move(*inner));
  }
  std::vector<std::string_view> known(std::begin(header_names), std::end(header_names));
  for (const FieldSchema& candidate : event->fields) known.push_back(candidate.name);
  return filter_error(named_field.position, event->name + " has no field " + quoted(named_field.text) +
                                                did_you_mean(named_field.text, known));
}

Result<Test> Parser::test() {
  Test result;
  const bool within = at_keyword("in");
  if (!within && here().kind != TokenKind::compare) return result;
  result.comparison = within ? Comparison::within : comparison_of(here().text);
  take();
  Result<Token> low = value();
  if (!low) return low.error();
  result.low = *low;
  if (!within) return result;
  if (here().kind != TokenKind::range) return filter_error(here().position, "'in' takes a range, as in 0x1000..0x1fff");
  take();
  Result<Token> high = value();
  if (!high) return high.error();
  result.high = *high;
  const bool numbers = result.low.kind == TokenKind::number && result.high.kind == TokenKind::number;
  if (numbers && result.low.number > result.high.number)
    return filter_error(result.low.position, "the range ends before it begins");
  return result;
}

Result<Token> Parser::value() {
  if (here().kind == TokenKind::number || here().kind == TokenKind::word) return take();
  return filter_error(here().position, "a number or a word is missing");
}

Parsed Parser::header_test(HeaderField field, const Token& place, const Test& test) {
  const bool orders = test.comparison != Comparison::equal && test.comparison != Comparison::unequal;
  if (field == HeaderField::kind) {
    if (orders) return filter_error(place.position, "kind is compared with == or != alone");
    const EventSchema* const event = schema_.find_event(test.low.text);
    if (event == nullptr) {
      std::vector<std::string_view> known;
      for (const EventSchema& candidate : schema_.events()) known.push_back(candidate.name);
      return filter_error(test.low.position,
                          "there is no kind " + quoted(test.low.text) + did_you_mean(test.low.text, known));
    }
    Node node = make_kind(KindSet().set(event->number), all_);
    return test.comparison == Comparison::equal ? std::move(node) : make_not(std::move(node));
  }
  VocabularySchema words;
  if (field == HeaderField::provenance)
    for (const Word& word : find_vocabulary("Provenance")->words)
      words.words.push_back({word.value, std::string(word.name)});
  const std::optional<Operand> value = operand(test, &words);
  if (!value) return no_such_word(test, {&words});
  return make_header(field, test.comparison, *value, all_);
}

Parsed Parser::field_test(std::string_view field, const KindSet& kinds, const Test& test) {
  std::vector<KindTest> tests(schema_.events().size());
  std::vector<const VocabularySchema*> vocabularies;
  bool any = false;
  for (const EventSchema& event : schema_.events()) {
    if (!kinds[event.number]) continue;
    const std::size_t index = *event.find_field(field);
    const VocabularySchema* const vocabulary = event.fields[index].vocabulary;
    if (vocabulary != nullptr) vocabularies.push_back(vocabulary);
    const std::optional<Operand> value = operand(test, vocabulary);
    if (!value) continue;
    tests[event.number] = {true, static_cast<u16>(index), *value};
    any = true;
  }
  if (!any) return no_such_word(test, vocabularies);
  return make_field(std::move(tests), test.comparison, all_);
}

std::optional<Operand> Parser::operand(const Test& test, const VocabularySchema* vocabulary) const {
  Operand result;
  if (test.comparison == Comparison::not_zero) return result;
  const auto meaning = [&](const Token& token) -> std::optional<u64> {
    if (token.kind == TokenKind::number) return token.number;
    if (vocabulary != nullptr)
      if (const std::optional<u64> value = vocabulary->value_of(token.text)) return value;
    if (is_keyword(token, "true")) return 1;
    if (is_keyword(token, "false")) return 0;
    return std::nullopt;
  };
  const std::optional<u64> low = meaning(test.low);
  const bool equality = test.comparison == Comparison::equal || test.comparison == Comparison::unequal;
  if (!low && equality && is_keyword(test.low, "unknown")) {
    result.unknown = true;
    return result;
  }
  const std::optional<u64> high = test.comparison == Comparison::within ? meaning(test.high) : low;
  if (!low || !high) return std::nullopt;
  result.low = *low;
  result.high = *high;
  return result;
}

Error Parser::no_such_word(const Test& test, const std::vector<const VocabularySchema*>& vocabularies) const {
  std::vector<std::string_view> known;
  for (const VocabularySchema* const vocabulary : vocabularies)
    for (const WordSchema& word : vocabulary->words) known.push_back(word.name);
  const bool low_good = test.low.kind == TokenKind::number ||
                        std::any_of(vocabularies.begin(), vocabularies.end(), [&](const VocabularySchema* vocabulary) {
                          return vocabulary->value_of(test.low.text).has_value();
                        });
  const Token& wrong = low_good && test.comparison == Comparison::within ? test.high : test.low;
  if (is_keyword(wrong, "unknown")) return filter_error(wrong.position, "'unknown' is compared with == or != alone");
  if (known.empty()) return filter_error(wrong.position, "a number is needed instead of " + quoted(wrong.text));
  return filter_error(wrong.position, "the field has no value " + quoted(wrong.text) + did_you_mean(wrong.text, known));
}

std::vector<std::string_view> Parser::known_names() const {
  std::vector<std::string_view> known(std::begin(header_names), std::end(header_names));
  for (const EventSchema& event : schema_.events()) {
    known.push_back(event.name);
    for (const FieldSchema& field : event.fields) known.push_back(field.name);
  }
  return known;
}

}  // namespace

Filter::Filter(std::unique_ptr<FilterNode> root) : root_(std::move(root)), kinds_(root_->may_hold) {}
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

Result<Filter> Filter::parse(std::string_view text, const Schema& schema) {
  Result<std::vector<Token>> tokens = filter_tokens(text);
  if (!tokens) return tokens.error();
  Parsed root = Parser(std::move(*tokens), schema).whole();
  if (!root) return root.error();
  return Filter(std::move(*root));
}

bool Filter::matches(const RecordedEvent& event) const { return root_->matches(event); }

}  // namespace trapline::trace
