#include "session/catalog.h"

#include <cstdlib>
#include <filesystem>

namespace trapline::session {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view images_folder = "guest-kernels/images";

constexpr GuestRow guest_rows[] = {
    {"tour", "the machine once around: CPUID, tables, address spaces, a user program, faults, timer, disk"},
    {"shuffle", "the same kinds of actions in an order made from the run's seed, with a digest known beforehand"},
};

constexpr TechniqueRow technique_rows[] = {
    {trace::Technique::full, "full", "deprivileged kernel, trap-and-emulate, binary translation, shadow page tables"},
    {trace::Technique::para, "para", "a kernel that knows: hypercalls, direct paging, event channels"},
    {trace::Technique::hardware, "hardware", "VMX root and non-root operation, VMCS, EPT, VPID"},
};

constexpr MetalRow metal_rows[] = {
    {trace::MetalKind::soft, "soft", "the lab's own x86-64 machine in software: deterministic, needs no rights"},
    {trace::MetalKind::kvm, "kvm", "this host's processor through /dev/kvm"},
};

template <typename Rows>
std::string names_of(const Rows& rows) {
  std::string names;
  for (const auto& row : rows) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

template <typename Rows>
auto value_named(const Rows& rows, std::string_view what, std::string_view name)
    -> Result<std::remove_const_t<decltype(rows[0].value)>> {
  for (const auto& row : rows)
    if (row.name == name) return row.value;
  return usage_error("There is no " + std::string(what) + " named " + std::string(name) + "; choose one of " +
                     names_of(rows) + ".");
}

bool is_home(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_directory(folder / images_folder, ignored);
}

}  // namespace

std::span<const GuestRow> guests() { return guest_rows; }
std::span<const TechniqueRow> techniques() { return technique_rows; }
std::span<const MetalRow> metals() { return metal_rows; }

Result<trace::Technique> technique_named(std::string_view name) {
  return value_named(technique_rows, "technique", name);
}
Result<trace::MetalKind> metal_named(std::string_view name) { return value_named(metal_rows, "metal", name); }

Result<trace::Level> level_named(std::string_view name) {
  struct LevelRow {
    trace::Level value;
    std::string_view name;
  };
  static constexpr LevelRow rows[] = {
#define LEVEL(word) {trace::Level::word, #word}
      LEVEL(exits),
      LEVEL(mmu),
      LEVEL(memory),
      LEVEL(instructions),
#undef LEVEL
  };
  return value_named(rows, "recording level", name);
}

std::string home_folder() {
  if (const char* home = std::getenv("TRAPLINE_HOME"); home && *home) return home;
  std::error_code error;
  for (fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path(); !error && !folder.empty();
       folder = folder.parent_path()) {
    if (is_home(folder)) return folder.string();
    if (folder == folder.root_path()) break;
  }
  return TRAPLINE_SOURCE_FOLDER;
}

Result<GuestImage> find_guest(const std::string& guest, trace::Technique technique) {
  for (const GuestRow& row : guest_rows) {
    if (row.name != guest) continue;
    const std::string ending = technique == trace::Technique::para ? "-para.elf" : ".elf";
    const fs::path path = fs::path(home_folder()) / images_folder / (guest + ending);
    std::error_code ignored;
    if (fs::exists(path, ignored)) return GuestImage{guest, path.string(), true};
    return usage_error("The image of guest " + guest + " is not at " + path.string() +
                       "; set TRAPLINE_HOME to the folder that holds " + std::string(images_folder) + ".");
  }
  const fs::path path(guest);
  std::error_code ignored;
  if (guest.find('/') == std::string::npos && path.extension() != ".elf" && !fs::exists(path, ignored))
    return usage_error("There is no guest named " + guest + "; choose one of " + names_of(guest_rows) +
                       ", or give the path of an ELF file.");
  const std::string name = path.stem().string();
  return GuestImage{name.empty() ? "guest" : name, guest, false};
}

}  // namespace trapline::session
