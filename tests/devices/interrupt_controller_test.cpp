// The 8259A against its data sheet: rules as tables of steps and what INT, IRR and ISR must show afterwards.
#include "devices/interrupt_controller.h"

#include <doctest/doctest.h>
#include <functional>
#include <string>
#include <vector>

#include "devices/interrupt_controllers.h"
#include "platform_fixture.h"

namespace trapline::devices {
namespace {

InterruptController started(u8 icw1 = 0x11, u8 icw4 = 1,
                            InterruptController::Role role = InterruptController::Role::master) {
  InterruptController chip(role);
  chip.write_command(icw1);
  chip.write_mask(0x40);
  if (!(icw1 & 2)) chip.write_mask(4);
  if (icw1 & 1) chip.write_mask(icw4);
  return chip;
}

u8 irr(InterruptController& chip) {
  chip.write_command(0x0a);
  return chip.read_command();
}
u8 isr(InterruptController& chip) {
  chip.write_command(0x0b);
  return chip.read_command();
}

// One letter, one step: R3 raises line 3, L3 lowers it, A acknowledges, M5 writes mask 0x05, E sends OCW2 of that
// value.
struct Rule {
  const char* name;
  u8 icw1;
  u8 icw4;
  std::vector<std::pair<char, u8>> steps;
  bool requests;
  u8 irr;
  u8 isr;
};

void apply(InterruptController& chip, char step, u8 value) {
  switch (step) {
    case 'R':
      return chip.set_line(value, true);
    case 'L':
      return chip.set_line(value, false);
    case 'A':
      CHECK(chip.acknowledge().line == value);
      return;
    case 'M':
      return chip.write_mask(value);
    default:
      return chip.write_command(value);
  }
}

const Rule rules[] = {
    {"an edge requests", 0x11, 1, {{'R', 3}}, true, 8, 0},
    {"a masked line keeps its request", 0x11, 1, {{'M', 8}, {'R', 3}}, false, 8, 0},
    {"unmasking lets it out", 0x11, 1, {{'M', 8}, {'R', 3}, {'M', 0}}, true, 8, 0},
    {"acknowledge moves the bit from IRR to ISR", 0x11, 1, {{'R', 3}, {'A', 3}}, false, 0, 8},
    {"one edge, one interrupt", 0x11, 1, {{'R', 3}, {'A', 3}, {'E', 0x20}}, false, 0, 0},
    {"a new edge, a new one", 0x11, 1, {{'R', 3}, {'A', 3}, {'E', 0x20}, {'L', 3}, {'R', 3}}, true, 8, 0},
    {"an input that goes low before INTA takes its request back", 0x11, 1, {{'R', 3}, {'L', 3}}, false, 0, 0},
    {"a level requests again", 0x19, 1, {{'R', 3}, {'A', 3}, {'E', 0x20}}, true, 8, 0},
    {"until it falls", 0x19, 1, {{'R', 3}, {'A', 3}, {'E', 0x20}, {'L', 3}}, false, 0, 0},
    {"lower numbers first", 0x11, 1, {{'R', 5}, {'R', 2}, {'A', 2}}, false, 0x20, 4},
    {"in service inhibits lower priorities", 0x11, 1, {{'R', 2}, {'A', 2}, {'R', 5}}, false, 0x20, 4},
    {"and not higher ones", 0x11, 1, {{'R', 5}, {'A', 5}, {'R', 2}}, true, 4, 0x20},
    {"nested, then a non-specific EOI ends the higher",
     0x11,
     1,
     {{'R', 5}, {'A', 5}, {'R', 2}, {'A', 2}, {'E', 0x20}},
     false,
     0,
     0x20},
    {"a specific EOI ends the line it names",
     0x11,
     1,
     {{'R', 5}, {'A', 5}, {'R', 2}, {'A', 2}, {'E', 0x65}},
     false,
     0,
     4},
    {"automatic EOI leaves nothing in service", 0x11, 3, {{'R', 3}, {'A', 3}}, false, 0, 0},
    {"spurious: line 7 without an in-service bit", 0x11, 1, {{'R', 3}, {'L', 3}, {'A', 7}}, false, 0, 0},
    {"rotate on non-specific EOI: the served line becomes the lowest",
     0x11,
     1,
     {{'R', 0}, {'A', 0}, {'E', 0xa0}, {'L', 0}, {'R', 0}, {'R', 1}, {'A', 1}},
     false,
     1,
     2},
    {"set priority: line 5 lowest makes line 6 first",
     0x11,
     1,
     {{'E', 0xc5}, {'R', 0}, {'R', 6}, {'A', 6}},
     false,
     1,
     0x40},
    {"rotate on specific EOI",
     0x11,
     1,
     {{'R', 4}, {'A', 4}, {'E', 0xe4}, {'R', 3}, {'R', 5}, {'A', 5}},
     false,
     8,
     0x20},
    {"rotate in automatic EOI", 0x11, 3, {{'E', 0x80}, {'R', 2}, {'A', 2}, {'R', 1}, {'R', 3}, {'A', 3}}, true, 2, 0},
    {"special mask: a masked line in service inhibits nobody",
     0x11,
     1,
     {{'R', 2}, {'A', 2}, {'M', 4}, {'E', 0x68}, {'R', 5}},
     true,
     0x20,
     4},
    {"special mask: a non-specific EOI passes masked bits by",
     0x11,
     1,
     {{'R', 2}, {'A', 2}, {'M', 4}, {'E', 0x68}, {'E', 0x20}},
     false,
     0,
     4},
    {"special fully nested: the slave's line may interrupt itself",
     0x11,
     0x11,
     {{'R', 2}, {'A', 2}, {'L', 2}, {'R', 2}},
     true,
     4,
     4},
    {"without it not", 0x11, 1, {{'R', 2}, {'A', 2}, {'L', 2}, {'R', 2}}, false, 4, 4},
    {"ICW1 forgets edges, mask and service",
     0x11,
     1,
     {{'R', 2}, {'A', 2}, {'R', 3}, {'M', 0xff}, {'E', 0x13}, {'M', 0x40}, {'M', 1}},
     false,
     0,
     0},
};

TEST_CASE("8259A: triggering, priorities and ends of interrupt") {
  for (const Rule& rule : rules) {
    CAPTURE(std::string(rule.name));
    InterruptController chip = started(rule.icw1, rule.icw4);
    for (const auto& [step, value] : rule.steps) apply(chip, step, value);
    CHECK(chip.requests() == rule.requests);
    CHECK(irr(chip) == rule.irr);
    CHECK(isr(chip) == rule.isr);
  }
}

TEST_CASE("8259A: initialization sequences take the words that ICW1 announces") {
  for (const u8 icw1 : {0x11, 0x13, 0x10, 0x12}) {
    CAPTURE(icw1);
    InterruptController chip(InterruptController::Role::master);
    chip.write_command(icw1);
    chip.write_mask(0x57);                   // ICW2: bits 2:0 do not count
    if (!(icw1 & 2)) chip.write_mask(0x04);  // ICW3 in cascade only
    if (icw1 & 1) chip.write_mask(0x01);
    chip.write_mask(0xa5);  // now OCW1
    CHECK(chip.read_mask() == 0xa5);
    CHECK(chip.vector_of(3) == 0x53);
    // Without ICW4 the chip is in MCS-80/85 mode, which is refused by name.
    CHECK(chip.refusal().empty() == ((icw1 & 1) == 1));
  }
}

TEST_CASE("8259A: the poll command acknowledges by a read") {
  InterruptController chip = started();
  chip.set_line(6, true);
  chip.write_command(0x0c);
  CHECK(chip.read_command() == 0x86);
  CHECK(isr(chip) == 0x40);
  chip.write_command(0x0c);
  CHECK(chip.read_command() == 0);
}

TEST_CASE("8259A: a chip that nobody initialized requests nothing") {
  InterruptController chip(InterruptController::Role::master);
  chip.set_line(0, true);
  CHECK_FALSE(chip.requests());
}

TEST_CASE("two 8259A in cascade: vectors, ends of interrupt and the spurious line 15") {
  test::LabPc pc;
  pc.start_interrupt_controllers();
  InterruptControllers chips;
  for (const auto& [port, value] : std::vector<std::pair<u16, u8>>{
           {0x20, 0x11}, {0x21, 0x20}, {0x21, 4}, {0x21, 1}, {0xa0, 0x11}, {0xa1, 0x28}, {0xa1, 2}, {0xa1, 1}})
    chips.write(port, 1, value);
  chips.set_line(14, true);
  chips.set_line(9, true);
  REQUIRE(chips.pending());
  InterruptControllers::Acknowledged taken = chips.acknowledge();
  CHECK(taken.line == 9);
  CHECK(taken.vector == 0x29);
  CHECK_FALSE(chips.pending());  // line 2 of the master is in service
  chips.write(0xa0, 1, 0x20);
  chips.write(0x20, 1, 0x20);
  REQUIRE(chips.pending());
  taken = chips.acknowledge();
  CHECK(taken.line == 14);
  CHECK(taken.vector == 0x2e);
  chips.write(0xa0, 1, 0x20);
  chips.write(0x20, 1, 0x20);
  chips.set_line(14, false);
  chips.set_line(15, true);
  chips.set_line(15, false);
  CHECK_FALSE(chips.pending());
  CHECK(chips.acknowledge().vector == 0x27);  // INTR had been seen, nothing is left: line 7 of the master
  chips.set_line(2, true);                    // the cascade belongs to no device
  CHECK_FALSE(chips.pending());
}

TEST_CASE("two 8259A in cascade: automatic EOI lets waiting slave lines follow one another") {
  InterruptControllers chips;
  for (const auto& [port, value] : std::vector<std::pair<u16, u8>>{
           {0x20, 0x11}, {0x21, 0x20}, {0x21, 4}, {0x21, 3}, {0xa0, 0x11}, {0xa1, 0x28}, {0xa1, 2}, {0xa1, 3}})
    chips.write(port, 1, value);
  for (const unsigned line : {8U, 10U, 15U}) chips.set_line(line, true);
  CHECK(chips.acknowledge().vector == 0x28);
  CHECK(chips.acknowledge().vector == 0x2a);
  CHECK(chips.acknowledge().vector == 0x2f);
  CHECK_FALSE(chips.pending());
}

TEST_CASE("two 8259A in cascade: a state that was saved and restored goes on as the first") {
  InterruptControllers chips;
  for (const auto& [port, value] : std::vector<std::pair<u16, u8>>{
           {0x20, 0x11}, {0x21, 0x20}, {0x21, 4}, {0x21, 1}, {0xa0, 0x11}, {0xa1, 0x28}, {0xa1, 2}, {0xa1, 1}})
    chips.write(port, 1, value);
  chips.set_line(12, true);
  InterruptControllers other;
  REQUIRE(other.restore(chips.save()));
  CHECK(other.pending());
  CHECK(other.acknowledge().vector == 0x2c);
  std::vector<std::byte> damaged = chips.save();
  damaged.pop_back();
  CHECK_FALSE(other.restore(damaged));
}

}  // namespace
}  // namespace trapline::devices
