// The manuals' rows against what this project did not write: Linux's user-space headers where they are installed, and
// what the manual says of the structure of encodings.
#include "spec/words.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "spec/entry_rules.h"
#include "spec/exit_reasons.h"
#include "spec/msrs.h"
#include "spec/vectors.h"
#include "spec/vm_instruction_errors.h"
#include "spec/vmcs_fields.h"

#if __has_include(<asm/vmx.h>)
#include <asm/vmx.h>
#endif

namespace trapline::spec {
namespace {

TEST_CASE("a word is found by its value, and only by its value") {
  CHECK(word_of(exit_reasons(), 0) == "EXCEPTION_NMI");
  CHECK(word_of(exit_reasons(), 48) == "EPT_VIOLATION");
  CHECK(word_of(exit_reasons(), 35) == "");
  CHECK(word_of(exit_reasons(), 0x80000021) == "ENTRY_FAILURE_INVALID_STATE");
  CHECK(word_of(vectors(), 14) == "PF");
  CHECK(word_of(vectors(), 15) == "");
  CHECK(word_of(vmcs_fields(), 0x681e) == "guest_rip");
  CHECK(word_of(vmcs_fields(), 0x2011) == "tsc_offset_high");
  CHECK(word_of(vmcs_fields(), 0x681f) == "");
  CHECK(word_of(msr_indices(), 0xc0000080) == "IA32_EFER");
  CHECK(word_of(vm_instruction_errors(), 12) == "UNSUPPORTED_COMPONENT");
  CHECK(word_of(entry_rules(), 0) == "");
}

TEST_CASE("every vocabulary is sorted and says nothing twice") {
  for (const auto words :
       {vectors(), exit_reasons(), vmcs_fields(), entry_rules(), msr_indices(), vm_instruction_errors()}) {
    REQUIRE(!words.empty());
    std::set<std::string_view> names;
    for (std::size_t index = 0; index < words.size(); ++index) {
      CHECK(names.insert(words[index].name).second);
      if (index > 0) CHECK(words[index - 1].value < words[index].value);
      CHECK(word_of(words, words[index].value) == words[index].name);
    }
  }
}

// The reasons that Linux names, with Linux's own spelling.
#ifdef VMX_EXIT_REASONS
TEST_CASE("exit reasons have the numbers and names of Linux's asm/vmx.h") {
  const std::pair<u32, const char*> linux_names[] = {VMX_EXIT_REASONS};
  for (const auto& [number, name] : linux_names) {
    CAPTURE(name);
    CHECK(word_of(exit_reasons(), number) == name);
  }
}
#endif

TEST_CASE("exceptions with an error code are those of the manual's table") {
  std::set<int> with_error_code;
  for (const VectorInfo& row : vector_rows())
    if (row.error_code != ErrorCodeKind::none) with_error_code.insert(static_cast<int>(row.value));
  CHECK(with_error_code == std::set<int>{8, 10, 11, 12, 13, 14, 17, 21});
}

TEST_CASE("a VMCS encoding says width, type and index, and names keep to it") {
  for (const VmcsFieldInfo& field : vmcs_field_rows()) {
    const u32 encoding = static_cast<u32>(field.value);
    CAPTURE(field.name);
    CHECK((encoding & ~0x6fffU) == 0);  // bits 31:15 and 12 are reserved
    CHECK(bits(encoding, 12, 12) == 0);
    const bool guest = field.name.starts_with("guest_");
    const bool host = field.name.starts_with("host_");
    if (host) CHECK(type_of_field(encoding) == FieldType::host_state);
    if (type_of_field(encoding) == FieldType::host_state) CHECK(host);
    // Two read-only fields describe the guest without being its state.
    if (guest && encoding != 0x2400 && encoding != 0x640a) CHECK(type_of_field(encoding) == FieldType::guest_state);
    if (field.name.ends_with("_selector")) CHECK(width_of_field(encoding) == FieldWidth::bits_16);
    if (field.name.ends_with("_limit") || field.name.ends_with("_access_rights"))
      CHECK(width_of_field(encoding) == FieldWidth::bits_32);
    if (field.name.ends_with("_base")) CHECK(width_of_field(encoding) == FieldWidth::natural);
    CHECK(find_vmcs_field(encoding) == &field);
    CHECK(find_vmcs_field(encoding | 1) == nullptr);
  }
}

TEST_CASE("field tables begin where the appendix says and have its number of rows") {
  std::map<std::pair<int, int>, int> rows;  // (width, type)
  for (const VmcsFieldInfo& field : vmcs_field_rows()) {
    const u32 encoding = static_cast<u32>(field.value);
    ++rows[{static_cast<int>(width_of_field(encoding)), static_cast<int>(type_of_field(encoding))}];
  }
  CHECK(rows[{0, 0}] == 5);   // 16-bit control
  CHECK(rows[{0, 2}] == 11);  // 16-bit guest
  CHECK(rows[{0, 3}] == 7);   // 16-bit host
  CHECK(rows[{1, 1}] == 1);   // 64-bit read-only
  CHECK(rows[{2, 1}] == 8);   // 32-bit read-only
  CHECK(rows[{2, 3}] == 1);   // 32-bit host
  CHECK(rows[{3, 0}] == 8);   // natural control
  CHECK(rows[{3, 1}] == 6);   // natural read-only
  CHECK(rows.count({0, 1}) == 0);
}

// The kernel's own table of encodings, where the headers of any kernel are installed.
std::string kernel_header() {
  namespace fs = std::filesystem;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/usr/src", error)) {
    const fs::path header = entry.path() / "arch/x86/include/asm/vmx.h";
    if (!fs::exists(header, error)) continue;
    std::ostringstream text;
    text << std::ifstream(header).rdbuf();
    return text.str();
  }
  return {};
}

TEST_CASE("VMCS encodings agree with the headers of an installed kernel") {
  const std::string text = kernel_header();
  const std::size_t begin = text.find("enum vmcs_field {");
  if (begin == std::string::npos) {
    MESSAGE("skipped: no kernel headers under /usr/src");
    return;
  }
  std::istringstream lines(text.substr(begin, text.find("};", begin) - begin));
  int compared = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find("= 0");
    if (equals == std::string::npos) continue;
    const u64 encoding = std::stoull(line.substr(equals + 2), nullptr, 16);
    CAPTURE(line);
    const std::string_view ours = word_of(vmcs_fields(), encoding);
    CHECK(!ours.empty());
    CHECK(ours.ends_with("_high") == (line.find("_HIGH") != std::string::npos));
    CHECK(ours.starts_with("host_") == (line.find("\tHOST_") != std::string::npos));
    ++compared;
  }
  CHECK(compared > 150);
}

TEST_CASE("a rule of VM entry says what must hold and what to do") {
  for (const EntryRuleInfo& rule : entry_rule_rows()) {
    CAPTURE(rule.name);
    CHECK(rule.must.ends_with("."));
    CHECK(rule.hint.ends_with("."));
    CHECK(!rule.section.empty());
    const u32 number = static_cast<u32>(rule.value);
    const u32 hundreds = number / 100;
    CHECK((rule.group == EntryRuleGroup::controls) == (hundreds == 1));
    CHECK((rule.group == EntryRuleGroup::host_state) == (hundreds == 2));
    CHECK(&info_of(rule.value) == &rule);
  }
}

TEST_CASE("architectural MSRs have architectural indices") {
  for (const MsrInfo& row : msr_rows()) {
    const u32 index = static_cast<u32>(row.value);
    CHECK((index <= 0x1fff || (index >= 0xc0000000 && index <= 0xc0001fff)));
    CHECK(row.name.starts_with("IA32_"));
    const bool vmx = row.name.starts_with("IA32_VMX_");
    CHECK(vmx == (index >= 0x480 && index <= 0x491));
  }
}

}  // namespace
}  // namespace trapline::spec
