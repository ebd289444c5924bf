// Paging-structure entries, taken apart and put together. One row a bit; SDM vol. 3, "4-Level Paging" and "The Extended
// Page Table Mechanism (EPT)". An integer is decoded, a table encoded, so that a round trip loses nothing but bits that
// have no name here.
#include "base/bits.h"
#include "lua/api.h"

namespace trapline::lua {
namespace {

constexpr u64 address_mask = 0x000f'ffff'ffff'f000;

struct Bit {
  std::string_view name;
  unsigned bit;
};
constexpr Bit guest_bits[] = {{"present", 0},       {"writable", 1},   {"user", 2},  {"write_through", 3},
                              {"cache_disable", 4}, {"accessed", 5},   {"dirty", 6}, {"large", 7},
                              {"global", 8},        {"no_execute", 63}};
constexpr Bit ept_bits[] = {{"read", 0},  {"write", 1},    {"execute", 2}, {"ignore_pat", 6},
                            {"large", 7}, {"accessed", 8}, {"dirty", 9}};

struct Number {
  std::string_view name;
  unsigned low, bits;
};
constexpr Number memory_type = {"memory_type", 3, 3};

Table decoded(u64 entry, std::span<const Bit> bits, bool ept) {
  Table table;
  for (const Bit& bit : bits) table.set(bit.name, (entry >> bit.bit & 1) != 0);
  table.set("address", entry & address_mask);
  if (ept) table.set(memory_type.name, entry >> memory_type.low & ((1U << memory_type.bits) - 1));
  return table;
}

Result<> add_field(u64& entry, const Field& field, std::span<const Bit> bits, bool ept, const std::string& function) {
  const std::string name = field.key.string() ? *field.key.string() : field.key.text();
  for (const Bit& bit : bits) {
    if (bit.name != name) continue;
    if (!field.value.boolean()) return usage_error(function + ": " + name + " is true or false");
    if (*field.value.boolean()) entry |= u64{1} << bit.bit;
    return {};
  }
  const i64* const number = field.value.integer();
  if (name == "address") {
    if (!number || (static_cast<u64>(*number) & ~address_mask) != 0)
      return usage_error(function + ": address is a multiple of 4096 below 2^52");
    entry |= static_cast<u64>(*number);
    return {};
  }
  if (ept && name == memory_type.name) {
    if (!number || *number < 0 || *number > 7)
      return usage_error(function + ": memory_type is a number from 0 (uncacheable) to 7; write-back is 6");
    entry |= static_cast<u64>(*number) << memory_type.low;
    return {};
  }
  std::string names = "address";
  if (ept) names += ", memory_type";
  for (const Bit& bit : bits) names += ", " + std::string(bit.name);
  return usage_error(function + ": there is no field '" + name + "'; there are " + names);
}

Result<> entry_of(Invocation& call, std::span<const Bit> bits, bool ept, const std::string& function) {
  if (call.is_integer(0)) {
    call.give(decoded(call.unsigned_integer(0), bits, ept));
    return {};
  }
  const Value fields = call.value(0);
  u64 entry = 0;
  for (const Field& field : fields.table()->fields())
    if (const auto added = add_field(entry, field, bits, ept, function); !added) return added;
  call.give(entry);
  return {};
}

Result<> entry(Invocation& call) { return entry_of(call, guest_bits, false, "trapline.entry"); }
Result<> ept_entry(Invocation& call) { return entry_of(call, ept_bits, true, "trapline.ept_entry"); }

}  // namespace

const LibraryRow& paging_library() {
  static const LibraryRow row = {
      "trapline",
      "",
      {{"entry",
        {{"bits", "integer|table",
          "an entry, or {address, present, writable, user, write_through, cache_disable, accessed, dirty, large, "
          "global, no_execute}"}},
        "table|integer",
        "Takes a guest paging-structure entry apart, or puts one together.",
        entry},
       {"ept_entry",
        {{"bits", "integer|table",
          "an entry, or {address, read, write, execute, memory_type, ignore_pat, large, accessed, dirty}"}},
        "table|integer",
        "The same for an entry of the extended page tables.",
        ept_entry}}};
  return row;
}

}  // namespace trapline::lua
