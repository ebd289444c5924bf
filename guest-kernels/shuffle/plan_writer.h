// Writes rows and carries each out on the generator's machine in the same breath, so that table and facts cannot part.
#pragma once
#include "plan.h"
#include "plan_alu.h"
#include "plan_format.h"
#include "plan_machine.h"

namespace trapline::shuffle {

class Writer {
 public:
  explicit Writer(std::uint64_t seed);

  // Runs: rows between begin and end are one script in one fact line.
  void begin_run(std::uint64_t space, unsigned label);
  void end_run();
  Plan finish();

  // Kernel rows gathered for one call; `call` makes the script call them.
  void set_entry(std::uint64_t space, std::uint64_t linear, std::uint64_t entry, Flush flush, std::uint64_t word = 0);
  void set_large(std::uint64_t space, std::uint64_t linear, std::uint64_t entry, Flush flush);
  void read_entry(std::uint64_t space, std::uint64_t linear);
  void read_large(std::uint64_t space, std::uint64_t linear);
  void take_bits(std::uint64_t space, std::uint64_t linear, std::uint64_t bits);
  void switch_space(std::uint64_t space);
  void pend(std::uint64_t space, std::uint64_t linear, std::uint64_t entry, std::uint64_t source);
  void fill_frame(std::uint64_t frame, std::uint64_t word);
  void poke(std::uint64_t physical, std::uint64_t value);
  void peek(std::uint64_t physical);
  void read_block(std::uint64_t block, std::uint64_t physical, bool by_interrupt);
  void write_block(std::uint64_t block, std::uint64_t physical);
  void arm(std::uint64_t ticks, bool held);
  void window();
  void enable(bool by_iret);
  void halt(std::uint64_t ticks);
  void call();

  // Script rows.
  void alu(Operation operation, unsigned width);
  void load(std::uint64_t linear);
  void store(std::uint64_t linear, std::uint64_t value);
  void add(std::uint64_t linear, std::uint64_t value);
  void sum(std::uint64_t linear, std::uint64_t words);
  void fill(std::uint64_t linear, std::uint64_t word, std::uint64_t words);
  void copy(std::uint64_t to, std::uint64_t from, std::uint64_t bytes);
  void probe(Probe kind, std::uint64_t linear);
  void delay(std::uint64_t iterations);
  void spin(std::uint64_t ticks);
  void await_ticks();  // all that this run has armed so far
  void poll(std::uint64_t ticks, std::uint64_t iterations);
  void echo();
  void say(unsigned text);
  void execute(std::uint64_t linear, std::uint64_t argument, std::uint64_t result);

  static constexpr unsigned texts = 4;
  Random random;

 private:
  void step(ScriptRow row) { script_.push_back(row); }
  void kernel(KernelRow row, std::uint64_t result);
  void take(std::uint64_t value) { sum_ = mix(sum_, value); }

  Machine machine_;
  std::string text_, facts_;
  std::vector<KernelRow> runs_, rows_;
  std::vector<ScriptRow> script_;
  std::uint64_t sum_ = 0, call_sum_ = 0;
  std::size_t call_first_ = 0;
  std::uint64_t ticks_ = 0;
};

}  // namespace trapline::shuffle
