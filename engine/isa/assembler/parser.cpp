// One function per kind of line in the grammar of parser.h.
#include "isa/assembler/parser.h"

#include <array>

#include "base/nearest.h"

namespace trapline::isa::assembler {
namespace {

constexpr std::size_t most_operands = 4;
constexpr std::size_t most_hints = 2000;  // labels that a misspelt one is compared with

unsigned data_unit(std::string_view word) {
  const std::string name = lower(word);
  if (name == "db") return 1;
  if (name == "dw") return 2;
  if (name == "dd") return 4;
  return name == "dq" ? 8 : 0;
}

ZydisInstructionAttributes prefix_named(std::string_view word) {
  const std::string name = lower(word);
  if (name == "rep") return ZYDIS_ATTRIB_HAS_REP;
  if (name == "repe" || name == "repz") return ZYDIS_ATTRIB_HAS_REPE;
  if (name == "repne" || name == "repnz") return ZYDIS_ATTRIB_HAS_REPNE;
  return name == "lock" ? ZYDIS_ATTRIB_HAS_LOCK : 0;
}

bool is_directive(std::string_view word) {
  const std::string name = lower(word);
  return name == "times" || name == "align" || name == "org" || name == "equ" || data_unit(word) != 0;
}

// A word that may name something of the author's.
bool is_free(std::string_view word) {
  return !register_named(word) && size_named(word) == 0 && !is_directive(word) && word != "$" && word != "$$";
}

class Parser {
 public:
  Result<Program> parse(std::string_view text) {
    std::size_t at = 0;
    while (at <= text.size()) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      std::string_view line = text.substr(at, end - at);
      ++line_;
      if (const Result<> read = read_line(line); !read) return at_line(line_, trimmed(line), read.error().sentence);
      at = end + 1;
    }
    if (const Result<> all = check_defined(); !all) return all.error();
    return std::move(program_);
  }

 private:
  static std::string_view trimmed(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == line.npos) return {};
    return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
  }

  Result<> read_line(std::string_view line) {
    const Result<std::vector<Token>> tokens = tokens_of(line);
    if (!tokens) return tokens.error();
    Cursor cursor(*tokens);
    source_ = trimmed(line);
    Result<> read = statement(cursor);
    if (read && !cursor.at_end())
      read = usage_error(quoted(cursor.peek().text) + " is one too many; the line ends before it");
    used_.resize(program_.symbols.count(), {line_, source_});
    return read;
  }

  Result<> statement(Cursor& cursor) {
    while (cursor.peek().kind == TokenKind::word && cursor.peek(1).is(":")) {
      if (const Result<> label = define_label(cursor.next().text); !label) return label;
      cursor.next();
    }
    if (cursor.at_end()) return {};
    if (cursor.peek().kind != TokenKind::word)
      return usage_error("a line begins with a label, a directive or an instruction, not with " +
                         quoted(cursor.peek().text));
    const Token& second = cursor.peek(1);
    if (second.kind == TokenKind::word && lower(second.text) == "equ") return constant(cursor);
    const bool data_follows = second.kind == TokenKind::word && data_unit(second.text) != 0;
    if (data_follows && !is_directive(cursor.peek().text))
      if (const Result<> label = define_label(cursor.next().text); !label) return label;
    std::optional<Expression> times;
    if (lower(cursor.peek().text) == "times") {
      cursor.next();
      Result<Expression> count = parse_expression(cursor, context_);
      if (!count) return count.error();
      times = std::move(*count);
      if (cursor.peek().kind != TokenKind::word)
        return usage_error("behind times and its count the instruction or data to repeat stands");
    }
    return body(cursor, std::move(times));
  }

  Result<> body(Cursor& cursor, std::optional<Expression> times) {
    const std::string_view word = cursor.peek().text;
    const std::string name = lower(word);
    const unsigned unit = data_unit(word);
    if (unit != 0) return data(cursor, unit, std::move(times));
    if (times && is_directive(word)) return usage_error("times repeats an instruction or data, not " + name);
    if (name == "align") return align(cursor);
    if (name == "org") return org(cursor);
    return instruction(cursor, std::move(times));
  }

  template <typename What>
  void add(What what, std::optional<Expression> times = {}) {
    program_.statements.push_back({line_, source_, std::move(times), std::move(what)});
  }

  Result<> define(Symbol symbol) {
    defined_.resize(std::max<std::size_t>(defined_.size(), symbol + 1));
    if (defined_[symbol] != 0)
      return usage_error(quoted(program_.symbols.name(symbol)) + " is already defined in line " +
                         std::to_string(defined_[symbol]));
    defined_[symbol] = line_;
    return {};
  }

  Result<> define_label(std::string_view name) {
    if (!is_free(name)) return usage_error(quoted(name) + " is a word of the language and cannot be a label");
    if (!name.starts_with('.')) context_.outer = name;
    const Symbol symbol = program_.symbols.number_of(context_.whole_name(name));
    if (const Result<> fresh = define(symbol); !fresh) return fresh;
    add(LabelHere{symbol});
    return {};
  }

  Result<> constant(Cursor& cursor) {
    const std::string_view name = cursor.next().text;
    if (!is_free(name)) return usage_error(quoted(name) + " is a word of the language and cannot be a constant");
    cursor.next();
    const Symbol symbol = program_.symbols.number_of(context_.whole_name(name));
    if (const Result<> fresh = define(symbol); !fresh) return fresh;
    Result<Expression> value = parse_expression(cursor, context_);
    if (!value) return value.error();
    add(Constant{symbol, std::move(*value)});
    return {};
  }

  Result<> data(Cursor& cursor, unsigned unit, std::optional<Expression> times) {
    cursor.next();
    DataLine line{unit};
    do {
      const bool whole = cursor.peek(1).is(",") || cursor.peek(1).kind == TokenKind::end;
      if (cursor.peek().kind == TokenKind::string && whole) {
        line.items.emplace_back(cursor.next().text);
        continue;
      }
      Result<Expression> value = parse_expression(cursor, context_);
      if (!value) return value.error();
      line.items.emplace_back(std::move(*value));
    } while (cursor.take(","));
    add(std::move(line), std::move(times));
    return {};
  }

  Result<> align(Cursor& cursor) {
    cursor.next();
    Result<Expression> boundary = parse_expression(cursor, context_);
    if (!boundary) return boundary.error();
    Expression fill{{{TermKind::number, 0x90}}};
    if (cursor.take(",")) {
      Result<Expression> given = parse_expression(cursor, context_);
      if (!given) return given.error();
      fill = std::move(*given);
    }
    add(AlignTo{std::move(*boundary), std::move(fill)});
    return {};
  }

  Result<> org(Cursor& cursor) {
    cursor.next();
    Result<Expression> address = parse_expression(cursor, context_);
    if (!address) return address.error();
    add(GoTo{std::move(*address)});
    return {};
  }

  Result<> instruction(Cursor& cursor, std::optional<Expression> times) {
    InstructionLine line;
    while (cursor.peek().kind == TokenKind::word && prefix_named(cursor.peek().text) != 0)
      line.prefixes |= prefix_named(cursor.next().text);
    line.name = cursor.peek().text;
    if (cursor.peek().kind != TokenKind::word) return usage_error("an instruction should stand behind the prefix");
    const std::optional<Named> named = mnemonic_named(line.name);
    if (!named) return usage_error(quoted(line.name) + " is no instruction or directive" + mnemonic_hint(line.name));
    line.named = *named;
    cursor.next();
    // The decoder's spelling of RETF.
    const bool far_return = line.named.mnemonic == ZYDIS_MNEMONIC_RET && lower(cursor.peek().text) == "far";
    if (far_return) line.named = *mnemonic_named("retf");
    if (far_return) cursor.next();
    while (!cursor.at_end()) {
      if (line.operands.size() == most_operands) return usage_error("an instruction takes at most 4 operands");
      Result<ParsedOperand> operand = parse_operand(cursor, context_);
      if (!operand) return operand.error();
      line.operands.push_back(std::move(*operand));
      if (!cursor.take(",")) break;
      if (cursor.at_end()) return usage_error("an operand should stand behind the last ','");
    }
    add(std::move(line), std::move(times));
    return {};
  }

  Result<> check_defined() {
    defined_.resize(program_.symbols.count());
    for (Symbol symbol = 0; symbol < defined_.size(); ++symbol) {
      if (defined_[symbol] != 0) continue;
      std::vector<std::string_view> known;
      for (Symbol other = 0; other < defined_.size() && known.size() < most_hints; ++other)
        if (defined_[other] != 0) known.push_back(program_.symbols.name(other));
      const std::string& name = program_.symbols.name(symbol);
      return at_line(used_[symbol].line, used_[symbol].source,
                     quoted(name) + " is no register, label or constant" + did_you_mean(name, known));
    }
    return {};
  }

  struct Use {
    unsigned line;
    std::string_view source;
  };

  Program program_;
  Context context_{program_.symbols, {}};
  std::vector<unsigned> defined_;  // by symbol: the line, or 0
  std::vector<Use> used_;          // by symbol: where it is first named
  std::string_view source_;
  unsigned line_ = 0;
};

}  // namespace

Result<Program> parse(std::string_view text) { return Parser().parse(text); }

}  // namespace trapline::isa::assembler
