// Every pass places and encodes everything with the labels of the pass before. Branches begin short and only ever grow,
// so the passes come to rest unless sizes depend on labels in a circle; then the work is bounded and the line is named.
#include "isa/assembler/layout.h"

#include <algorithm>
#include <cstdio>

#include "isa/assembler/encoder.h"

namespace trapline::isa::assembler {
namespace {

constexpr unsigned most_passes = 200;
constexpr unsigned all_near_from = 100;  // later passes spare themselves the search for short branches
constexpr u64 most_work = 4'000'000;     // about a second

// What one statement remembers from pass to pass.
struct Memory {
  EncodeState encode;
  std::optional<u64> address;  // in the pass before
  std::vector<u8> bytes;       // of a statement that is the same everywhere
  bool kept = false;           // `bytes` holds it
  bool constant = false;
  unsigned weight = 1;  // work of one placing
};

bool is_constant(const DataLine& data) {
  return std::all_of(data.items.begin(), data.items.end(), [](const auto& item) {
    const Expression* value = std::get_if<Expression>(&item);
    return !value || value->constant();
  });
}

unsigned weight_of(const Statement& statement) {
  std::size_t terms = 1;
  if (const auto* data = std::get_if<DataLine>(&statement.what)) {
    for (const auto& item : data->items) {
      const Expression* value = std::get_if<Expression>(&item);
      terms += value ? value->terms.size() : std::get<std::string_view>(item).size() / 64;
    }
  } else if (const auto* line = std::get_if<InstructionLine>(&statement.what)) {
    terms = 4;
    for (const ParsedOperand& operand : line->operands) terms += operand.value.terms.size();
  } else if (const auto* constant = std::get_if<Constant>(&statement.what)) {
    terms += constant->value.terms.size();
  }
  return static_cast<unsigned>(terms);
}

class Layout {
 public:
  Layout(const Program& program, u64 origin)
      : program_(program),
        origin_(origin),
        symbols_(program.symbols.count()),
        next_symbols_(symbols_),
        memory_(program.statements.size()) {
    for (std::size_t i = 0; i < memory_.size(); ++i) {
      const auto& what = program.statements[i].what;
      memory_[i].weight = weight_of(program.statements[i]);
      if (const auto* data = std::get_if<DataLine>(&what)) memory_[i].constant = is_constant(*data);
      if (const auto* line = std::get_if<InstructionLine>(&what)) memory_[i].constant = assembler::is_constant(*line);
    }
  }

  Result<Assembly> run() {
    for (pass_ = 0; pass_ < most_passes && work_ < most_work; ++pass_) {
      run_pass();
      if (work_ >= most_work) break;
      if (error_ && (final_ || !moved_)) return *error_;
      if (!moved_) return assembly();
    }
    if (final_) return *error_;
    if (!moved_line_) moved_line_ = statement_;
    return at_line(moved_line_->line, moved_line_->source,
                   "the addresses do not come to rest here; a size must not depend on a label that it moves, and "
                   "repetitions have a limit");
  }

 private:
  Scope scope() const { return {symbols_, here(), origin_}; }
  u64 here() const { return origin_ + bytes_.size(); }

  void run_pass() {
    bytes_.clear();
    lines_.clear();
    error_.reset();
    moved_ = false;
    for (at_ = 0; at_ < program_.statements.size() && !final_; ++at_) {
      const Statement& statement = program_.statements[at_];
      statement_ = &statement;
      work_ += memory_[at_].weight;
      const std::size_t before = bytes_.size();
      std::visit([this](const auto& what) { place(what); }, statement.what);
      if (bytes_.size() > longest_output) fail_for_good("the output grows beyond 1 MiB here");
      if (bytes_.size() != before) lines_.emplace_back(origin_ + before, statement.line);
    }
    symbols_ = next_symbols_;
  }

  // Trouble that may go away when the labels settle.
  void fail(const std::string& message) {
    if (!error_) error_ = at_line(statement_->line, statement_->source, message);
  }
  void fail_for_good(const std::string& message) {
    error_ = at_line(statement_->line, statement_->source, message);
    final_ = true;
  }

  void set(Symbol symbol, const Value& value) {
    const std::optional<Value>& known = symbols_[symbol];
    if (!known || known->number != value.number || known->addresses != value.addresses) {
      move();
    }
    next_symbols_[symbol] = value;
  }
  void move() {
    moved_ = true;
    moved_line_ = statement_;
  }

  void place(const LabelHere& label) { set(label.symbol, {here(), 1, true}); }
  void place(const Constant& constant) { set(constant.symbol, evaluate(constant.value, scope())); }

  void place(const InstructionLine& line) {
    Memory& memory = memory_[at_];
    if (pass_ >= all_near_from) memory.encode.near_form = true;
    memory.encode.explain = !error_;
    memory.encode.shift = here() - memory.address.value_or(here());
    memory.address = here();
    repeat([&] {
      const Result<Encoding> encoding = encode(line, scope(), memory.encode);
      if (!encoding) {
        fail(encoding.error().sentence);
        return false;
      }
      if (memory.encode.skewed) move();
      memory.encode.skewed = false;
      bytes_.insert(bytes_.end(), encoding->view().begin(), encoding->view().end());
      return true;
    });
  }

  void place(const DataLine& data) {
    repeat([&] {
      const Scope at_start = scope();  // $ is where the line begins, not the item
      for (const auto& item : data.items) {
        const Expression* value = std::get_if<Expression>(&item);
        if (!value) {
          append_string(std::get<std::string_view>(item), data.unit);
        } else if (!append_value(evaluate(*value, at_start).number, data.unit)) {
          return false;
        }
      }
      return true;
    });
  }

  void append_string(std::string_view text, unsigned unit) {
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    bytes_.resize(bytes_.size() + (unit - text.size() % unit) % unit);
  }

  bool append_value(u64 value, unsigned unit) {
    const i64 lowest = unit == 8 ? 0 : -(i64{1} << (8 * unit - 1));
    if (unit != 8 && value >> (8 * unit) != 0 && (static_cast<i64>(value) >= 0 || static_cast<i64>(value) < lowest)) {
      fail(std::to_string(static_cast<i64>(value)) + " does not fit " + std::to_string(unit) + " byte" +
           (unit == 1 ? "" : "s") + "; take a wider directive of db, dw, dd, dq");
      return false;
    }
    for (unsigned i = 0; i < unit; ++i) bytes_.push_back(static_cast<u8>(value >> (8 * i)));
    return true;
  }

  // Places the current statement as often as its `times` says; one that is constant is made once and copied.
  template <typename Once>
  void repeat(Once once) {
    Memory& memory = memory_[at_];
    const std::optional<u64> count = repetitions();
    if (!count || *count == 0) return;
    if (!memory.constant) {
      for (u64 i = 0; i < *count && bytes_.size() <= longest_output && work_ < most_work; ++i) {
        if (i > 0) work_ += memory.weight;
        if (!once()) return;
      }
      return;
    }
    if (!memory.kept) {
      const std::size_t before = bytes_.size();
      if (!once()) {
        final_ = true;
        return;
      }
      memory.bytes.assign(bytes_.begin() + static_cast<std::ptrdiff_t>(before), bytes_.end());
      memory.kept = true;
      bytes_.resize(before);
    }
    if (memory.bytes.size() * *count > longest_output) return fail_for_good("the output grows beyond 1 MiB here");
    for (u64 i = 0; i < *count && !memory.bytes.empty(); ++i)
      bytes_.insert(bytes_.end(), memory.bytes.begin(), memory.bytes.end());
  }

  std::optional<u64> repetitions() {
    if (!statement_->times) return 1;
    work_ += statement_->times->terms.size();
    const u64 count = evaluate(*statement_->times, scope()).number;
    if (count <= longest_output) return count;
    fail("times repeats 0 to 1048576 times, not " + std::to_string(static_cast<i64>(count)));
    return {};
  }

  void place(const AlignTo& align) {
    const u64 boundary = evaluate(align.boundary, scope()).number;
    const u64 filling = evaluate(align.fill, scope()).number;
    if (boundary == 0 || (boundary & (boundary - 1)) != 0 || boundary > longest_output)
      return fail("align takes a power of two up to 1048576, not " + std::to_string(static_cast<i64>(boundary)));
    if (filling > 0xff) return fail("align fills with one byte, 0 to 255");
    bytes_.resize(bytes_.size() + ((0 - here()) & (boundary - 1)), static_cast<u8>(filling));
  }

  void place(const GoTo& go) {
    const u64 address = evaluate(go.address, scope()).number;
    const u64 ahead = address - here();
    if (ahead <= longest_output) {
      bytes_.resize(bytes_.size() + ahead);
      return;
    }
    char sentence[160];
    std::snprintf(sentence, sizeof sentence,
                  "org only goes forward, by at most 1 MiB: here is 0x%llx, and it asks for 0x%llx",
                  static_cast<unsigned long long>(here()), static_cast<unsigned long long>(address));
    fail(sentence);
  }

  Result<Assembly> assembly() {
    Assembly out;
    out.bytes = std::move(bytes_);
    out.lines.insert(lines_.begin(), lines_.end());
    for (const Statement& statement : program_.statements) {
      const auto* label = std::get_if<LabelHere>(&statement.what);
      if (label) out.labels[program_.symbols.name(label->symbol)] = symbols_[label->symbol]->number;
    }
    return out;
  }

  const Program& program_;
  u64 origin_;
  std::vector<std::optional<Value>> symbols_;       // by Symbol, from the pass before
  std::vector<std::optional<Value>> next_symbols_;  // from this one
  std::vector<Memory> memory_;                      // by statement
  std::vector<u8> bytes_;
  std::vector<std::pair<u64, unsigned>> lines_;
  std::optional<Error> error_;
  const Statement* statement_ = nullptr;
  const Statement* moved_line_ = nullptr;
  std::size_t at_ = 0;
  u64 work_ = 0;
  unsigned pass_ = 0;
  bool moved_ = false;
  bool final_ = false;
};

}  // namespace

Result<Assembly> lay_out(const Program& program, u64 origin) { return Layout(program, origin).run(); }

}  // namespace trapline::isa::assembler
