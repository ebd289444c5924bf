#include "session/hardware_options.h"

#include <charconv>

namespace trapline::session {
namespace {

using metal::HardwareOptions;

struct Row {
  HardwareOption option;
  bool HardwareOptions::*as_switch;
  u32 HardwareOptions::*as_number;
};

constexpr bool of_vmx = true, of_every_lane = false;

constexpr Row on_off(std::string_view name, bool where, std::string_view doc, bool HardwareOptions::*member) {
  return {{name, doc, true, where}, member, nullptr};
}
constexpr Row number(std::string_view name, bool where, std::string_view doc, u32 HardwareOptions::*member) {
  return {{name, doc, false, where}, nullptr, member};
}

static_assert(std::is_same_v<unsigned, u32>);

#define SWITCH(member, where, doc) on_off(#member, where, doc, &HardwareOptions::member)
#define NUMBER(member, where, doc) number(#member, where, doc, &HardwareOptions::member)
constexpr Row rows[] = {
    SWITCH(ept, of_vmx, "extended page tables; without them the guest's tables are not translated a second time"),
    SWITCH(vpid, of_vmx, "tags in the TLB; without them every entry and exit flushes"),
    NUMBER(tlb_sets, of_every_lane, "sets of the TLB, a power of two"),
    NUMBER(tlb_ways, of_every_lane, "entries in each set"),
    SWITCH(paging_structure_caches, of_every_lane, "caches of upper paging-structure entries"),
    SWITCH(flush_every_entry, of_vmx, "drop every translation at each VM entry (a strange configuration for tests)"),
    SWITCH(hlt_exiting, of_vmx, "HLT exits"),
    SWITCH(rdtsc_exiting, of_vmx, "RDTSC and RDTSCP exit"),
    SWITCH(invlpg_exiting, of_vmx, "INVLPG exits"),
    SWITCH(cr3_load_exiting, of_vmx, "MOV to CR3 exits"),
    SWITCH(cr3_store_exiting, of_vmx, "MOV from CR3 exits"),
    SWITCH(descriptor_table_exiting, of_vmx, "LGDT, SGDT, LIDT, SIDT, LLDT, SLDT, LTR and STR exit"),
    SWITCH(mov_dr_exiting, of_vmx, "MOV to and from debug registers exits"),
    SWITCH(pause_exiting, of_vmx, "PAUSE exits"),
    SWITCH(unconditional_io_exiting, of_vmx, "every port access exits; otherwise those of the I/O bitmaps"),
    SWITCH(use_msr_bitmaps, of_vmx, "RDMSR and WRMSR exit by the MSR bitmaps rather than always"),
    NUMBER(exception_bitmap, of_vmx, "one bit for each exception vector that exits"),
};
#undef SWITCH
#undef NUMBER

const Row* find(std::string_view name) {
  for (const Row& row : rows)
    if (row.option.name == name) return &row;
  return nullptr;
}

Error bad_value(const Row& row, std::string_view value) {
  return usage_error("The hardware option " + std::string(row.option.name) + " cannot be " + std::string(value) +
                     "; give " + (row.option.is_switch ? "on or off." : "a number."));
}

}  // namespace

std::vector<HardwareOption> hardware_options() {
  std::vector<HardwareOption> options;
  for (const Row& row : rows) options.push_back(row.option);
  return options;
}

u64 hardware_option(const HardwareOptions& options, std::string_view name) {
  const Row* const row = find(name);
  assert(row);
  return row->as_switch ? options.*row->as_switch : options.*row->as_number;
}

Result<> set_hardware_option(HardwareOptions& options, std::string_view name, std::string_view value) {
  const Row* const row = find(name);
  if (!row) {
    std::string known;
    for (const Row& one : rows) known += (known.empty() ? "" : ", ") + std::string(one.option.name);
    return usage_error("There is no hardware option named " + std::string(name) + "; choose one of " + known + ".");
  }
  if (row->as_switch) {
    if (value != "on" && value != "off") return bad_value(*row, value);
    options.*row->as_switch = value == "on";
    return {};
  }
  const bool hexadecimal = value.starts_with("0x");
  const std::string_view digits = hexadecimal ? value.substr(2) : value;
  u32 parsed = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), parsed, hexadecimal ? 16 : 10);
  if (digits.empty() || end.ec != std::errc() || end.ptr != digits.data() + digits.size())
    return bad_value(*row, value);
  options.*row->as_number = parsed;
  return {};
}

std::string_view changed_vmx_option(const HardwareOptions& options) {
  const HardwareOptions usual;
  for (const Row& row : rows)
    if (row.option.of_vmx && hardware_option(options, row.option.name) != hardware_option(usual, row.option.name))
      return row.option.name;
  return {};
}

metal::HardwareOptions without_vmx(HardwareOptions options) {
  const HardwareOptions usual;
  for (const Row& row : rows) {
    if (!row.option.of_vmx) continue;
    if (row.as_switch)
      options.*row.as_switch = usual.*row.as_switch;
    else
      options.*row.as_number = usual.*row.as_number;
  }
  return options;
}

}  // namespace trapline::session
