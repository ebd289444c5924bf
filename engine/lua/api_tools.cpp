// What a script needs beside runs and traces: an assembler, paging entries, a stream of numbers from a seed.
#include "isa/assembler.h"
#include "isa/decode.h"
#include "lua/api.h"
#include "lua/trace_object.h"

namespace trapline::lua {
namespace {

constexpr u64 default_origin = 0x100000;

Result<> open(Invocation& call) {
  auto trace = open_trace(std::string(call.text(0)));
  if (!trace) return trace.error();
  call.give(*trace);
  return {};
}

// ---- assembler -----------------------------------------------------------------------------------------------------
Result<> assemble(Invocation& call) {
  const std::string_view text = call.text(0);
  call.charge(text.size());
  const auto assembly = isa::assemble(text, static_cast<u64>(call.integer_or(1, default_origin)));
  if (!assembly) return assembly.error();
  Table labels;
  for (const auto& [name, place] : assembly->labels) labels.set(name, place);
  const auto& bytes = assembly->bytes;
  call.give(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  call.give(std::move(labels));
  return {};
}

Result<> disassemble(Invocation& call) {
  const std::string_view text = call.text(0);
  const std::span<const u8> bytes(reinterpret_cast<const u8*>(text.data()), text.size());
  const u64 first = static_cast<u64>(call.integer_or(1, default_origin));
  Table list;
  for (std::size_t place = 0; place < bytes.size();) {
    call.charge(50);
    const auto rest = bytes.subspan(place);
    const auto decoded = isa::decode(rest);
    const std::size_t length = decoded.status == isa::DecodeStatus::ok ? decoded.instruction.length : 1;
    Table row;
    row.set("address", first + place).set("length", length).set("text", isa::text(rest, first + place));
    list.push(std::move(row));
    place += length;
  }
  call.give(std::move(list));
  return {};
}

// ---- paging entries
// --------------------------------------------------------------------------------------------------
struct EntryBit {
  std::string_view name;
  unsigned bit;
};
constexpr EntryBit guest_bits[] = {{"present", 0},  {"writable", 1},   {"user", 2},  {"write_through", 3},
                                   {"no_cache", 4}, {"accessed", 5},   {"dirty", 6}, {"large", 7},
                                   {"global", 8},   {"no_execute", 63}};
constexpr EntryBit ept_bits[] = {{"read", 0},  {"write", 1},    {"execute", 2}, {"ignore_pat", 6},
                                 {"large", 7}, {"accessed", 8}, {"dirty", 9},   {"suppress_ve", 63}};
constexpr u64 address_bits = bit_mask(51, 12);

Table decoded(u64 entry, std::span<const EntryBit> names) {
  Table table;
  for (const EntryBit& row : names) table.set(row.name, has_bit(entry, row.bit));
  table.set("address", entry & address_bits);
  return table;
}

Result<u64> encoded(const Table& table, std::span<const EntryBit> names, bool memory_type) {
  u64 entry = 0;
  for (const Field& field : table.fields()) {
    const std::string name = field.key.string() ? *field.key.string() : field.key.text();
    const auto row = std::find_if(names.begin(), names.end(), [&](const EntryBit& each) { return each.name == name; });
    if (row != names.end()) {
      if (!field.value.boolean()) return usage_error("bit " + name + " of an entry is true or false");
      entry |= static_cast<u64>(*field.value.boolean()) << row->bit;
    } else if (name == "address" && field.value.integer()) {
      if (static_cast<u64>(*field.value.integer()) & ~address_bits)
        return usage_error("an entry's address is a multiple of 0x1000 below 2^52");
      entry |= static_cast<u64>(*field.value.integer());
    } else if (memory_type && name == "memory_type" && field.value.integer()) {
      entry |= (static_cast<u64>(*field.value.integer()) & 7) << 3;
    } else {
      return usage_error("an entry has no " + name + " that is " + field.value.text(40));
    }
  }
  return entry;
}

Result<> entry(Invocation& call) {
  if (call.is_integer(0)) {
    call.give(decoded(call.unsigned_integer(0), guest_bits));
    return {};
  }
  const auto value = encoded(*call.value(0).table(), guest_bits, false);
  if (!value) return value.error();
  call.give(*value);
  return {};
}

Result<> ept_entry(Invocation& call) {
  if (call.is_integer(0)) {
    Table table = decoded(call.unsigned_integer(0), ept_bits);
    table.set("memory_type", bits(call.unsigned_integer(0), 5, 3));
    call.give(std::move(table));
    return {};
  }
  const auto value = encoded(*call.value(0).table(), ept_bits, true);
  if (!value) return value.error();
  call.give(*value);
  return {};
}

// ---- numbers -------------------------------------------------------------------------------------------------------
// SplitMix64, as the lab's disk: the same on every host.
u64 next_number(u64& state) {
  state += 0x9e3779b97f4a7c15;
  u64 mixed = state;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  return mixed ^ mixed >> 31;
}

Result<> random(Invocation& call) {
  const auto state = std::make_shared<u64>(call.unsigned_integer(0));
  call.give(Closure([state](Invocation& step) -> Result<> {
    const u64 number = next_number(*state);
    if (!step.given(0)) {
      step.give(number);
      return {};
    }
    if (!step.is_integer(0) || step.integer(0) < 1)
      return usage_error("a random number's bound is an integer from 1 on");
    step.give(number % step.unsigned_integer(0));
    return {};
  }));
  return {};
}

}  // namespace

const LibraryRow& tools_library() {
  static const LibraryRow row = {
      "trapline",
      "The lab's machine, its traces and what they mean.",
      {{"open", {{"path", "string", "a trace file"}}, "Trace", "Opens a recorded trace.", open},
       {"assemble",
        {{"text", "string", "Intel syntax, one instruction a line; label:, ; comment, db dw dd dq, align, times, equ"},
         {"origin", "integer?", "address of the first byte; 0x100000 without it"}},
        "string, table<string, integer>",
        "Machine code of a text, and where its labels lie.",
        assemble},
       {"disassemble",
        {{"bytes", "string", "machine code"}, {"address", "integer?", "of the first byte; 0x100000 without it"}},
        "table[]",
        "Instructions: address, length, text.",
        disassemble},
       {"entry",
        {{"entry", "integer|table", "to decode, or to encode"}},
        "table|integer",
        "A guest paging entry: present, writable, user, accessed, dirty, large, global, no_execute, address ...",
        entry},
       {"ept_entry",
        {{"entry", "integer|table", "to decode, or to encode"}},
        "table|integer",
        "An EPT entry: read, write, execute, memory_type, ignore_pat, large, accessed, dirty, address.",
        ept_entry},
       {"random",
        {{"seed", "integer", "the same seed gives the same numbers on every host"}},
        "function",
        "A stream: next() gives a 64-bit integer, next(n) one from 0 to n - 1.",
        random}}};
  return row;
}

}  // namespace trapline::lua
