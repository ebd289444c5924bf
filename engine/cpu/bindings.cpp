// All rows in one table by mnemonic.
#include "cpu/handlers.h"

namespace trapline::cpu {
namespace {

using Table = std::array<Binding, isa::mnemonic_count>;

constexpr Table make_table() {
  Table table{};
#define ROW(mnemonic, flow) table[static_cast<std::size_t>(isa::Mnemonic::mnemonic)] = {bind_##mnemonic, Flow::flow};
#include "cpu/rows_integer.def"
#include "cpu/rows_system.def"
#undef ROW
  return table;
}

constexpr Table table = make_table();

}  // namespace

const Binding& binding_of(isa::Mnemonic mnemonic) { return table[static_cast<std::size_t>(mnemonic)]; }

}  // namespace trapline::cpu
