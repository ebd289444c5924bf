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
  Sentence lost_without;
};

constexpr Sentence no_loss{"nothing on processors with unrestricted guest", "无（处理器支持 unrestricted guest 时）"};

constexpr CapabilityRow rows[] = {
    {"KVM_CAP_USER_MEMORY", KVM_CAP_USER_MEMORY, true, {"guest memory", "客户机内存"}},
    {"KVM_CAP_EXT_CPUID", KVM_CAP_EXT_CPUID, true, {"a CPUID for the guest", "客户机的 CPUID"}},
    {"KVM_CAP_IMMEDIATE_EXIT",
     KVM_CAP_IMMEDIATE_EXIT,
     true,
     {"setting registers in the middle of an I/O access", "在一次 I/O 访问中途设置寄存器"}},
    {"KVM_CAP_SYNC_REGS",
     KVM_CAP_SYNC_REGS,
     false,
     {"speed: registers cost further system calls at every exit", "速度：每次退出都要为读写寄存器多做系统调用"}},
    {"KVM_CAP_VCPU_EVENTS",
     KVM_CAP_VCPU_EVENTS,
     false,
     {"the interrupt shadow in recorded state", "所记录状态中的中断影子（interrupt shadow）"}},
    {"KVM_CAP_DEBUGREGS", KVM_CAP_DEBUGREGS, false, {"debug registers in recorded state", "所记录状态中的调试寄存器"}},
    {"KVM_CAP_EXIT_ON_EMULATION_FAILURE",
     KVM_CAP_EXIT_ON_EMULATION_FAILURE,
     false,
     {"the bytes of instructions that KVM cannot run", "KVM 无法运行的指令的字节"}},
    {"KVM_CAP_SET_TSS_ADDR", KVM_CAP_SET_TSS_ADDR, false, no_loss},
    {"KVM_CAP_SET_IDENTITY_MAP_ADDR", KVM_CAP_SET_IDENTITY_MAP_ADDR, false, no_loss},
};

HostSentence host_sentence(const Sentence& sentence, std::initializer_list<std::string_view> values) {
  return {filled(sentence.english, values), filled(sentence.chinese, values)};
}

HostSentence why_not_opened(const std::string& device, int error_number) {
  switch (error_number) {
    case ENOENT:
      return host_sentence(
          {"{0} does not exist: this kernel has no KVM module loaded; the soft metal runs every guest.",
           "{0} 不存在：这个内核没有加载 KVM 模块；soft 可以运行每个客户机。"},
          {device});
    case EACCES:
    case EPERM:
      return host_sentence({"{0} may not be opened by this user: join its group (often kvm) or run as root.",
                            "当前用户无权打开 {0}：请加入它所属的组（通常是 kvm），或以 root 运行。"},
                           {device});
    case ENODEV:
    case ENXIO:
      return host_sentence({"{0} has no driver behind it: load kvm_intel or kvm_amd, or use the soft metal.",
                            "{0} 背后没有驱动程序：请加载 kvm_intel 或 kvm_amd，或者使用 soft。"},
                           {device});
    default:
      return host_sentence({"{0} cannot be opened: {1}.", "{0} 无法打开：{1}。"},
                           {device, std::generic_category().message(error_number)});
  }
}

HostSentence why_unusable(const std::string& device, const Probe& probe) {
  if (probe.api_version <= 0)
    return host_sentence({"{0} does not answer as KVM does.", "{0} 的应答与 KVM 不符。"}, {device});
  if (probe.api_version != KVM_API_VERSION)
    return host_sentence({"{0} speaks KVM API version {1}, and only version 12 is known.",
                          "{0} 使用 KVM API 版本 {1}，而这里只支持版本 12。"},
                         {device, std::to_string(probe.api_version)});
  for (const Capability& capability : probe.capabilities)
    if (capability.required && !capability.present)
      return {filled("{0} lacks {1}, without which there is no {2}.",
                     {device, capability.name, capability.lost_without.english}),
              filled("{0} 没有 {1}，因而无法提供{2}。", {device, capability.name, capability.lost_without.chinese})};
  return {};
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
  result.usable = result.why_not.english.empty();
  return result;
}

}  // namespace trapline::kvm
