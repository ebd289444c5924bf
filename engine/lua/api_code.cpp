// Guest code from text and back, and random numbers that a seed decides.
#include "base/split_mix.h"
#include "isa/assembler.h"
#include "isa/decode.h"
#include "lua/api.h"

namespace trapline::lua {
namespace {

constexpr i64 default_origin = 0x100000;

Result<> assemble(Invocation& call) {
  const std::string_view text = call.text(0);
  call.charge(text.size());
  const auto assembly = isa::assemble(text, static_cast<u64>(call.integer_or(1, default_origin)));
  if (!assembly) return usage_error("trapline.assemble: " + assembly.error().sentence);
  call.charge(assembly->bytes.size());
  call.give(std::string_view(reinterpret_cast<const char*>(assembly->bytes.data()), assembly->bytes.size()));
  Table labels;
  for (const auto& [name, address] : assembly->labels) labels.append({Value(name), Value(address)});
  call.give(std::move(labels));
  return {};
}

Result<> disassemble(Invocation& call) {
  const std::string_view text = call.text(0);
  std::span<const u8> left(reinterpret_cast<const u8*>(text.data()), text.size());
  u64 address = static_cast<u64>(call.integer_or(1, default_origin));
  Table list;
  i64 number = 0;
  while (!left.empty()) {
    call.charge(100);
    const auto decoded = isa::decode(left.first(std::min<std::size_t>(left.size(), 15)));
    const std::size_t length = decoded.status == isa::DecodeStatus::ok ? decoded.instruction.length : 1;
    list.append(
        {Value(++number),
         Table().set("address", address).set("length", length).set("text", isa::text(left.first(length), address))});
    left = left.subspan(length);
    address += length;
  }
  call.give(std::move(list));
  return {};
}

Result<> random(Invocation& call) {
  call.give(Closure([state = call.unsigned_integer(0)](Invocation& step) mutable -> Result<> {
    const u64 number = next_split_mix(state);
    if (!step.given(0)) {
      step.give(number);
      return {};
    }
    if (!step.is_integer(0) || step.integer(0) < 1) return usage_error("next(n) takes a positive integer n");
    step.give(number % step.unsigned_integer(0));
    return {};
  }));
  return {};
}

}  // namespace

const LibraryRow& code_library() {
  static const LibraryRow row = {
      "trapline",
      "",
      {{"assemble",
        {{"text", "string", "Intel syntax, one instruction a line; label:, ; comment, db dw dd dq, align, times, org"},
         {"origin", "integer?", "address of the first byte, 0x100000 where left out"}},
        "string, table<string, integer>",
        "The bytes of guest code, and the address of each label.",
        assemble},
       {"disassemble",
        {{"bytes", "string", "guest code"}, {"address", "integer?", "of the first byte, 0x100000 where left out"}},
        "table[]",
        "The instructions: a list of {address, length, text}.",
        disassemble},
       {"random",
        {{"seed", "integer", "decides all numbers"}},
        "fun(n?: integer): integer",
        "A function next: next() is a 64-bit integer, next(n) one from 0 to n-1.",
        random}}};
  return row;
}

}  // namespace trapline::lua
