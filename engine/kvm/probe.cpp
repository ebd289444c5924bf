// Asking the host, in the order in which a user would look: is it there, may we open it, does it speak our version.
#include "kvm/probe.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "kvm/abi.h"
#include "kvm/descriptor.h"
#include "kvm/pagemap.h"

namespace trapline::kvm {
namespace {

// The software module first: where it runs, a built-in kvm_intel may be listed too, without having started.
constexpr std::array<const char*, 3> modules{"kvm_pvm", "kvm_intel", "kvm_amd"};

struct CapabilityRow {
  const char* name;
  int number;
  bool required;
  const char* lost_without;
};

constexpr CapabilityRow rows[] = {
    {"KVM_CAP_USER_MEMORY", KVM_CAP_USER_MEMORY, true, "guest memory"},
    {"KVM_CAP_EXT_CPUID", KVM_CAP_EXT_CPUID, true, "a CPUID for the guest"},
    {"KVM_CAP_IMMEDIATE_EXIT", KVM_CAP_IMMEDIATE_EXIT, true, "setting registers in the middle of an I/O access"},
    {"KVM_CAP_SYNC_REGS", KVM_CAP_SYNC_REGS, false, "speed: registers cost further system calls at every exit"},
    {"KVM_CAP_VCPU_EVENTS", KVM_CAP_VCPU_EVENTS, false, "the interrupt shadow in recorded state"},
    {"KVM_CAP_DEBUGREGS", KVM_CAP_DEBUGREGS, false, "debug registers in recorded state"},
    {"KVM_CAP_EXIT_ON_EMULATION_FAILURE", KVM_CAP_EXIT_ON_EMULATION_FAILURE, false,
     "the bytes of instructions that KVM cannot run"},
    {"KVM_CAP_SET_TSS_ADDR", KVM_CAP_SET_TSS_ADDR, false, "nothing on processors with unrestricted guest"},
    {"KVM_CAP_SET_IDENTITY_MAP_ADDR", KVM_CAP_SET_IDENTITY_MAP_ADDR, false,
     "nothing on processors with unrestricted guest"},
};

std::string why_not_opened(const std::string& device, int error_number) {
  switch (error_number) {
    case ENOENT:
      return device + " does not exist: this kernel has no KVM module loaded; the soft metal runs every guest.";
    case EACCES:
    case EPERM:
      return device + " may not be opened by this user: join its group (often kvm) or run as root.";
    case ENODEV:
    case ENXIO:
      return device + " has no driver behind it: load kvm_intel or kvm_amd, or use the soft metal.";
    default:
      return device + " cannot be opened: " + std::generic_category().message(error_number) + ".";
  }
}

std::string why_unusable(const std::string& device, const Probe& probe) {
  if (probe.api_version <= 0) return device + " does not answer as KVM does.";
  if (probe.api_version != KVM_API_VERSION)
    return device + " speaks KVM API version " + std::to_string(probe.api_version) + ", and only version 12 is known.";
  for (const Capability& capability : probe.capabilities)
    if (capability.required && !capability.present)
      return device + " lacks " + capability.name + ", without which there is no " + capability.lost_without + ".";
  return "";
}

constexpr const char* unknown_module = "unknown";

}  // namespace

std::string module_name(const Places& places) {
  std::error_code ignored;
  for (const char* module : modules)
    if (std::filesystem::exists(places.module_folder + "/" + module, ignored)) return module;
  std::ifstream list(places.module_list);
  std::string line;
  std::array<bool, modules.size()> found{};
  while (std::getline(list, line))
    for (std::size_t index = 0; index < modules.size(); ++index)
      if (line.starts_with(std::string(modules[index]) + " ")) found[index] = true;
  for (std::size_t index = 0; index < modules.size(); ++index)
    if (found[index]) return modules[index];
  return unknown_module;
}

bool is_software_virtualization(const std::string& module) { return module == "kvm_pvm"; }

bool may_strand_system_calls(const std::string& module) {
  return is_software_virtualization(module) || module == unknown_module;
}

Probe probe(const Places& places) {
  Probe result;
  result.module = module_name(places);
  result.pagemap_shows_frames = Pagemap(places.pagemap).shows_frames();
  const Descriptor device(::open(places.device.c_str(), O_RDWR | O_CLOEXEC));
  if (!device.valid()) {
    result.why_not = why_not_opened(places.device, errno);
    return result;
  }
  result.api_version = std::max(0, device.control(KVM_GET_API_VERSION));
  if (result.api_version == KVM_API_VERSION) {
    for (const CapabilityRow& row : rows) {
      const bool present = device.control(KVM_CHECK_EXTENSION, static_cast<unsigned long>(row.number)) > 0;
      result.capabilities.push_back({row.name, present, row.required, row.lost_without});
    }
  }
  result.why_not = why_unusable(places.device, result);
  result.usable = result.why_not.empty();
  return result;
}

}  // namespace trapline::kvm
