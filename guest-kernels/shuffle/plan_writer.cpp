#include "plan_writer.h"

#include <cstring>

namespace trapline::shuffle {
namespace {

using std::uint64_t;

constexpr uint64_t text_bytes = 48;
constexpr uint64_t text_offset = sizeof(Header);

std::string hex(uint64_t value, unsigned digits) {
  std::string text;
  while (digits-- != 0) text += "0123456789abcdef"[value >> 4 * digits & 15];
  return text;
}

uint64_t echo_of(uint64_t a, uint64_t b, uint64_t c) { return (a ^ (b << 17 | b >> 47)) * 0x9e3779b97f4a7c15 + c; }

KernelRow row_of(Act act, uint64_t space, uint64_t a, uint64_t b, uint64_t c, unsigned x) {
  return {act, static_cast<std::uint8_t>(space), static_cast<std::uint8_t>(x), {}, a, b, c};
}

ScriptRow step_of(Step kind, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0) { return {kind, 0, 0, 0, 0, a, b, c}; }

}  // namespace

Writer::Writer(uint64_t seed) : random(seed ^ 0x7472617062656e64) {
  for (unsigned number = 0; number < texts; ++number) {
    std::string line = "fact: say ";
    while (line.size() < text_bytes - 1) line += static_cast<char>('a' + random.below(26));
    text_ += line + '\n';
  }
}

void Writer::begin_run(uint64_t space, unsigned label) {
  machine_.space = space;
  machine_.log = sum_ = ticks_ = 0;
  runs_.push_back(row_of(Act::run, space, script_.size(), 0, 0, label));
}

void Writer::end_run() {
  step(step_of(Step::end));
  facts_ += "fact: " + hex(runs_.size() - 1, 2) + ' ' + hex(runs_.back().x, 2) + ' ' + hex(sum_, 16) + ' ' +
            hex(machine_.log, 16) + '\n';
}

Plan Writer::finish() {
  for (ScriptRow& row : script_) {
    if (row.step == Step::act) row.a += runs_.size();  // the kernel's rows follow the runs
  }
  Header header{plan_magic, 0, 0, static_cast<std::uint32_t>(runs_.size()), 0};
  header.kernel_rows = static_cast<std::uint32_t>((text_offset + text_.size() + 31) / 32 * 32);
  header.script_rows = static_cast<std::uint32_t>(header.kernel_rows + 32 * (runs_.size() + rows_.size()));
  header.bytes = static_cast<std::uint32_t>(header.script_rows + 32 * script_.size());
  Plan plan{std::vector<std::byte>(header.bytes), facts_ + "fact: end\n"};
  std::byte* const module = plan.module.data();
  std::memcpy(module, &header, sizeof header);
  std::memcpy(module + text_offset, text_.data(), text_.size());
  std::memcpy(module + header.kernel_rows, runs_.data(), 32 * runs_.size());
  std::memcpy(module + header.kernel_rows + 32 * runs_.size(), rows_.data(), 32 * rows_.size());
  std::memcpy(module + header.script_rows, script_.data(), 32 * script_.size());
  return plan;
}

void Writer::kernel(KernelRow row, uint64_t result) {
  rows_.push_back(row);
  call_sum_ = mix(call_sum_, result);
}

void Writer::call() {
  step(step_of(Step::act, call_first_, rows_.size() - call_first_));
  call_first_ = rows_.size();
  take(call_sum_);
  call_sum_ = 0;
}

void Writer::set_entry(uint64_t space, uint64_t linear, uint64_t entry, Flush flush, uint64_t word) {
  if (word != 0) machine_.fill_frame(entry & address_bits, word);
  machine_.set_entry(space, linear, entry);
  kernel(row_of(Act::set_entry, space, linear, entry, word, static_cast<unsigned>(flush)), 0);
}

void Writer::set_large(uint64_t space, uint64_t linear, uint64_t entry, Flush flush) {
  machine_.set_entry(space, linear, entry | large);
  kernel(row_of(Act::set_large, space, linear, entry, 0, static_cast<unsigned>(flush)), 0);
}

void Writer::read_entry(uint64_t space, uint64_t linear) {
  kernel(row_of(Act::read_entry, space, linear, 0, 0, 0), machine_.entry(space, linear) & ~address_bits);
}

void Writer::read_large(uint64_t space, uint64_t linear) {
  kernel(row_of(Act::read_large, space, linear, 0, 0, 0), machine_.entry(space, linear) & ~address_bits);
}

void Writer::take_bits(uint64_t space, uint64_t linear, uint64_t bits) {
  uint64_t& entry = machine_.entry(space, linear);
  kernel(row_of(Act::take_bits, space, linear, bits, 0, 0), entry & ~address_bits);
  entry &= ~bits;
}

void Writer::switch_space(uint64_t space) {
  machine_.space = space;
  kernel(row_of(Act::switch_space, space, 0, 0, 0, 0), 0);
}

void Writer::pend(uint64_t space, uint64_t linear, uint64_t entry, uint64_t source) {
  machine_.pend(space, linear, entry, source);
  kernel(row_of(Act::pend, space, linear, entry, source, 0), 0);
}

void Writer::fill_frame(uint64_t frame, uint64_t word) {
  machine_.fill_frame(frame, word);
  kernel(row_of(Act::fill_frame, 0, frame, word, 0, 0), 0);
}

void Writer::poke(uint64_t physical, uint64_t value) {
  machine_.set_word(physical, value);
  kernel(row_of(Act::poke, 0, physical, value, 0, 0), 0);
}

void Writer::peek(uint64_t physical) { kernel(row_of(Act::peek, 0, physical, 0, 0, 0), machine_.word(physical)); }

void Writer::read_block(uint64_t block, uint64_t physical, bool by_interrupt) {
  machine_.read_block(block, physical);
  kernel(row_of(Act::read_block, 0, block, physical, 0, by_interrupt), 0);
}

void Writer::write_block(uint64_t block, uint64_t physical) {
  machine_.write_block(block, physical);
  kernel(row_of(Act::write_block, 0, block, physical, 0, 0), 0);
}

void Writer::arm(uint64_t ticks, bool held) {
  ++ticks_;
  kernel(row_of(Act::arm, 0, ticks, 0, 0, held), 0);
}

// Nothing may come while the gate is shut, and one interrupt in the moment it is open.
void Writer::window() { kernel(row_of(Act::window, 0, 0, 0, 0, 0), 0 << 8 | 1); }

// The interrupt must arrive at the very instruction that the call returns to.
void Writer::enable(bool by_iret) {
  kernel(row_of(Act::enable, 0, 0, 0, 0, by_iret), 0);
  machine_.log = mix(machine_.log, 1);
}

void Writer::halt(uint64_t ticks) {
  ++ticks_;
  kernel(row_of(Act::halt, 0, ticks, 0, 0, 0), 1);
}

void Writer::alu(Operation operation, unsigned width) {
  const Registers before = draw_operands(random, operation, width);
  const Registers after = calculate(operation, width, before);
  ScriptRow row = step_of(Step::alu, before.a, before.b, before.c);
  row.operation = static_cast<std::uint16_t>(static_cast<unsigned>(operation) * 4 + width);
  row.mask = static_cast<std::uint16_t>(after.defined);
  row.flags = static_cast<std::uint16_t>(before.flags | 2);
  step(row);
  take(after.a);
  take(after.c + (after.flags & after.defined));
}

void Writer::load(uint64_t linear) {
  step(step_of(Step::load, linear));
  take(machine_.load(linear));
}

void Writer::store(uint64_t linear, uint64_t value) {
  step(step_of(Step::store, linear, value));
  machine_.store(linear, value);
}

void Writer::add(uint64_t linear, uint64_t value) {
  step(step_of(Step::add, linear, value));
  machine_.touch(linear, Access::write);
  const uint64_t before = machine_.load(linear);
  take(before);
  machine_.store(linear, before + value);
}

void Writer::sum(uint64_t linear, uint64_t words) {
  step(step_of(Step::sum, linear, words));
  for (uint64_t i = 0; i < words; ++i) take(machine_.load(linear + 8 * i));
}

void Writer::fill(uint64_t linear, uint64_t word, uint64_t words) {
  step(step_of(Step::fill, linear, word, words));
  for (uint64_t i = 0; i < words; ++i) machine_.store(linear + 8 * i, word);
}

void Writer::copy(uint64_t to, uint64_t from, uint64_t bytes) {
  step(step_of(Step::copy, to, from, bytes));
  for (uint64_t i = 0; i < bytes; ++i) machine_.store_byte(to + i, machine_.load_byte(from + i));
}

void Writer::probe(Probe kind, uint64_t linear) {
  ScriptRow row = step_of(Step::probe, linear);
  row.operation = static_cast<std::uint16_t>(kind);
  step(row);
  const Access access = kind == Probe::read ? Access::read : kind == Probe::write ? Access::write : Access::execute;
  take(machine_.touch(linear, access) ? ~uint64_t{0} : uint64_t{14} << 32 | machine_.error);
}

void Writer::delay(uint64_t iterations) { step(step_of(Step::delay, iterations)); }

// As spin.S leaves it: flags first, then nine registers that hold the seed and what follows it.
void Writer::spin(uint64_t ticks) {
  const uint64_t seed = random.next(), flags = random.next() & status_flags;
  ScriptRow row = step_of(Step::spin, ticks, 0, seed);
  row.flags = static_cast<std::uint16_t>(flags | 2);
  step(row);
  ++ticks_;
  uint64_t left = flags;
  for (uint64_t i = 0; i < 9; ++i) left = mix(left, seed + i);
  take(left);
  take(1);
}

void Writer::await_ticks() {
  step(step_of(Step::await, ticks_));
  take(0);
}

void Writer::poll(uint64_t ticks, uint64_t iterations) {
  step(step_of(Step::poll, ticks, iterations));
  ++ticks_;
  take(1);
}

void Writer::echo() {
  const uint64_t a = random.next(), b = random.next(), c = random.next();
  step(step_of(Step::echo, a, b, c));
  take(echo_of(a, b, c));
}

void Writer::say(unsigned text) {
  step(step_of(Step::say, text_offset + text * text_bytes, text_bytes));
  facts_ += text_.substr(text * text_bytes, text_bytes);
  take(text_bytes);
}

void Writer::execute(uint64_t linear, uint64_t argument, uint64_t result) {
  step(step_of(Step::execute, linear, argument));
  machine_.touch(linear, Access::execute);
  take(result);
}

}  // namespace trapline::shuffle
