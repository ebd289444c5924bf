// Registers by name: rax to r15, rip, rflags, cr0, cr2, cr3, cr4, efer.
#include <array>
#include <utility>

#include "lua/guest_access.h"

namespace trapline::lua {
namespace {

template <unsigned number>
Result<> get_register(Invocation& call) {
  const auto value = call.self<Registers>().get(number);
  if (!value) return usage_error("these registers are over: they can be used only inside the function that got them");
  call.give(*value);
  return {};
}

template <unsigned number>
Result<> set_register(Invocation& call) {
  return call.self<Registers>().set(number, call.unsigned_integer(0));
}

template <unsigned... numbers>
std::vector<PropertyRow> rows(std::integer_sequence<unsigned, numbers...>) {
  return {{std::string(metal::name_of_register(numbers)), "integer", "the register, 64 bits", get_register<numbers>,
           set_register<numbers>}...};
}

}  // namespace

const ClassRow& Registers::lua_class() {
  static const ClassRow row = {"Registers",
                               "A guest's registers; assigning to one changes the guest.",
                               rows(std::make_integer_sequence<unsigned, metal::handled_registers>()),
                               {},
                               nullptr,
                               nullptr,
                               nullptr,
                               ""};
  return row;
}

}  // namespace trapline::lua
