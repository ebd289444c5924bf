// Tables of words, made once from those of Zydis and the other names that manuals and assemblers use.
#include "isa/assembler/names.h"

#include <array>
#include <unordered_map>
#include <vector>

#include "base/nearest.h"

namespace trapline::isa::assembler {
namespace {

struct OtherName {
  std::string_view name;
  Named means;
};

// The manual's names for one condition code, of which Zydis keeps one.
struct Condition {
  std::string_view name, zydis;
};
constexpr std::array<Condition, 14> conditions{{{"e", "z"},
                                                {"ne", "nz"},
                                                {"c", "b"},
                                                {"nae", "b"},
                                                {"nc", "nb"},
                                                {"ae", "nb"},
                                                {"na", "be"},
                                                {"a", "nbe"},
                                                {"pe", "p"},
                                                {"po", "np"},
                                                {"nge", "l"},
                                                {"ge", "nl"},
                                                {"ng", "le"},
                                                {"g", "nle"}}};

constexpr ZydisBranchType near_branch = ZYDIS_BRANCH_TYPE_NEAR;
constexpr ZydisBranchType far_branch = ZYDIS_BRANCH_TYPE_FAR;
// PUSHF and POPF without a letter are 64 bits wide, as nothing else can be meant; IRET without one is the 32-bit form.
constexpr std::array other_names{
    OtherName{"ret", {ZYDIS_MNEMONIC_RET, near_branch}},
    OtherName{"retn", {ZYDIS_MNEMONIC_RET, near_branch}},
    OtherName{"retf", {ZYDIS_MNEMONIC_RET, far_branch, 4}},
    OtherName{"retfw", {ZYDIS_MNEMONIC_RET, far_branch, 2}},
    OtherName{"retfd", {ZYDIS_MNEMONIC_RET, far_branch, 4}},
    OtherName{"retfq", {ZYDIS_MNEMONIC_RET, far_branch, 8}},
    OtherName{"sysretq", {ZYDIS_MNEMONIC_SYSRET, {}, 8}},
    OtherName{"sysretl", {ZYDIS_MNEMONIC_SYSRET, {}, 4}},
    OtherName{"sysexitq", {ZYDIS_MNEMONIC_SYSEXIT, {}, 8}},
    OtherName{"pushf", {ZYDIS_MNEMONIC_PUSHFQ}},
    OtherName{"pushfw", {ZYDIS_MNEMONIC_PUSHF}},
    OtherName{"popf", {ZYDIS_MNEMONIC_POPFQ}},
    OtherName{"popfw", {ZYDIS_MNEMONIC_POPF}},
    OtherName{"iret", {ZYDIS_MNEMONIC_IRETD}},
    OtherName{"iretw", {ZYDIS_MNEMONIC_IRET}},
    OtherName{"sal", {ZYDIS_MNEMONIC_SHL}},
    OtherName{"xlatb", {ZYDIS_MNEMONIC_XLAT}},
    OtherName{"loopz", {ZYDIS_MNEMONIC_LOOPE}},
    OtherName{"loopnz", {ZYDIS_MNEMONIC_LOOPNE}},
    OtherName{"movabs", {ZYDIS_MNEMONIC_MOV}},
    OtherName{"icebp", {ZYDIS_MNEMONIC_INT1}},
    OtherName{"ud2a", {ZYDIS_MNEMONIC_UD2}},
};

using MnemonicTable = std::unordered_map<std::string, Named>;

MnemonicTable make_mnemonics() {
  MnemonicTable table;
  for (int i = ZYDIS_MNEMONIC_INVALID + 1; i <= ZYDIS_MNEMONIC_MAX_VALUE; ++i) {
    const auto mnemonic = static_cast<ZydisMnemonic>(i);
    if (const char* name = ZydisMnemonicGetString(mnemonic)) table[name] = {mnemonic};
  }
  for (const std::string family : {"j", "set", "cmov"}) {
    for (const Condition& each : conditions)
      if (!each.name.empty()) table[family + std::string(each.name)] = table.at(family + std::string(each.zydis));
  }
  for (const OtherName& each : other_names) table[std::string(each.name)] = each.means;
  table.erase("xbegin");  // a branch that Zydis 4.0 does not know as one
  return table;
}

const MnemonicTable& mnemonics() {
  static const MnemonicTable table = make_mnemonics();
  return table;
}

using RegisterTable = std::unordered_map<std::string, ZydisRegister>;

RegisterTable make_registers() {
  RegisterTable table;
  for (int i = ZYDIS_REGISTER_NONE + 1; i <= ZYDIS_REGISTER_MAX_VALUE; ++i) {
    const auto reg = static_cast<ZydisRegister>(i);
    const char* name = ZydisRegisterGetString(reg);
    if (name && ZydisRegisterGetClass(reg) != ZYDIS_REGCLASS_FLAGS) table[name] = reg;
  }
  return table;
}

constexpr std::array<std::pair<std::string_view, unsigned>, 11> sizes{{{"byte", 1},
                                                                       {"word", 2},
                                                                       {"dword", 4},
                                                                       {"fword", 6},
                                                                       {"qword", 8},
                                                                       {"tword", 10},
                                                                       {"tbyte", 10},
                                                                       {"oword", 16},
                                                                       {"xmmword", 16},
                                                                       {"yword", 32},
                                                                       {"ymmword", 32}}};

}  // namespace

std::string lower(std::string_view name) {
  std::string out(name.substr(0, 64));
  for (char& letter : out)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + ('a' - 'A'));
  return out;
}

std::optional<ZydisRegister> register_named(std::string_view name) {
  static const RegisterTable table = make_registers();
  const auto found = table.find(lower(name));
  return found == table.end() ? std::nullopt : std::optional(found->second);
}

bool is_segment(ZydisRegister reg) { return ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_SEGMENT; }

bool is_general(ZydisRegister reg) {
  const ZydisRegisterClass kind = ZydisRegisterGetClass(reg);
  return kind >= ZYDIS_REGCLASS_GPR8 && kind <= ZYDIS_REGCLASS_GPR64;
}

unsigned bytes_of(ZydisRegister reg) { return ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, reg) / 8u; }

ZydisRegister general_register(unsigned number, unsigned bytes) {
  const ZydisRegisterClass kind = bytes == 2   ? ZYDIS_REGCLASS_GPR16
                                  : bytes == 4 ? ZYDIS_REGCLASS_GPR32
                                               : ZYDIS_REGCLASS_GPR64;
  return ZydisRegisterEncode(kind, static_cast<ZyanU8>(number));
}

unsigned number_of(ZydisRegister general) { return static_cast<unsigned>(ZydisRegisterGetId(general)); }

std::optional<Named> mnemonic_named(std::string_view name) {
  const auto found = mnemonics().find(lower(name));
  return found == mnemonics().end() ? std::nullopt : std::optional(found->second);
}

unsigned size_named(std::string_view word) {
  const std::string name = lower(word);
  for (const auto& [known, bytes] : sizes)
    if (known == name) return bytes;
  return 0;
}

std::string mnemonic_hint(std::string_view wrong) {
  std::vector<std::string_view> known{"db",  "dw",  "dd",  "dq",   "align", "times",
                                      "org", "equ", "rep", "repe", "repne", "lock"};
  for (const auto& [name, means] : mnemonics()) known.push_back(name);
  return did_you_mean(wrong, known);
}

}  // namespace trapline::isa::assembler
