// Setting up: refuse what cannot be varied, open the device, make VM, slot and vCPU.
#include "kvm/machine.h"

#include <cerrno>
#include <fcntl.h>

#include "kvm/abi.h"
#include "kvm/deprivileged.h"
#include "kvm/probe.h"
#include "kvm/vcpu.h"

namespace trapline::kvm {
namespace {

// Below the place where older Intel processors need three pages of KVM's own, and below the local APIC.
constexpr u64 most_memory = 3ULL << 30;
constexpr u64 identity_map_address = 0xfffbc000;
constexpr u64 tss_address = 0xfffbd000;
// Of run_deprivileged: a slot of their own right behind the guest's memory, in one HostMemory with it, so that every
// address in the trace has one meaning.
constexpr u64 monitor_frame_count = 2048;

Error cannot_vary(const char* option) {
  return usage_error(std::string("The kvm metal cannot vary ") + option +
                     ": KVM's kernel part sets its own controls; leave the option alone or use --metal soft.");
}

// The first option that differs from the default, by name.
Result<> refuse_hardware_options(const metal::HardwareOptions& wanted) {
  const metal::HardwareOptions usual;
#define REFUSE_OTHER(option) \
  if (wanted.option != usual.option) return cannot_vary(#option)
  REFUSE_OTHER(ept);
  REFUSE_OTHER(vpid);
  REFUSE_OTHER(tlb_sets);
  REFUSE_OTHER(tlb_ways);
  REFUSE_OTHER(paging_structure_caches);
  REFUSE_OTHER(flush_every_entry);
  REFUSE_OTHER(hlt_exiting);
  REFUSE_OTHER(rdtsc_exiting);
  REFUSE_OTHER(invlpg_exiting);
  REFUSE_OTHER(cr3_load_exiting);
  REFUSE_OTHER(cr3_store_exiting);
  REFUSE_OTHER(descriptor_table_exiting);
  REFUSE_OTHER(mov_dr_exiting);
  REFUSE_OTHER(pause_exiting);
  REFUSE_OTHER(unconditional_io_exiting);
  REFUSE_OTHER(use_msr_bitmaps);
  REFUSE_OTHER(exception_bitmap);
#undef REFUSE_OTHER
  return {};
}

Result<> refuse_memory_size(u64 bytes) {
  if (bytes != 0 && bytes % page_bytes == 0 && bytes <= most_memory) return {};
  return usage_error("The kvm metal cannot give a guest " + std::to_string(bytes) +
                     " bytes of memory: ask for a multiple of 4096, at most 3 GiB.");
}

class KvmMachine : public metal::Machine {
 public:
  KvmMachine(std::unique_ptr<memory::HostMemory> host_memory, u64 guest_bytes, std::string module)
      : host_memory_(std::move(host_memory)),
        guest_memory_(*host_memory_, memory::identity_frames(guest_bytes / page_bytes)),
        frames_(*host_memory_, Hpa(guest_bytes), Hpa(guest_bytes), (host_memory_->bytes() - guest_bytes) / page_bytes),
        module_(std::move(module)) {
    host_memory_->name_frames_by([this](u64 frame) { return guest_memory_.guest_page_of_frame(frame); });
  }

  Result<> set_up(metal::Door door, trace::Bus& bus, const Limits& limits);

  memory::GuestMemory& memory() override { return guest_memory_; }
  metal::Vcpu& vcpu() override { return *vcpu_; }
  metal::Deprivileged* deprivileged() override { return deprivileged_; }
  std::string description() const override {
    if (is_software_virtualization(module_)) return "KVM (" + module_ + ": KVM's software virtualization)";
    return "KVM (" + module_ + ")";
  }

 private:
  Result<> set_up_vm();
  Result<> set_up_slot(u32 slot, u64 first, u64 bytes);

  std::unique_ptr<memory::HostMemory> host_memory_;
  memory::GuestMemory guest_memory_;
  memory::MonitorFrames frames_;  // none for run_virtual
  std::string module_;
  Descriptor device_;
  Descriptor vm_;
  std::unique_ptr<metal::Vcpu> vcpu_;  // goes before the memory that it runs in
  metal::Deprivileged* deprivileged_ = nullptr;
};

Result<> KvmMachine::set_up_vm() {
  device_ = Descriptor(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!device_.valid()) return refused("to open /dev/kvm", errno);
  vm_ = Descriptor(device_.control(KVM_CREATE_VM, 0UL));
  if (!vm_.valid()) return refused("KVM_CREATE_VM", errno);
  const auto has = [&](unsigned long capability) { return device_.control(KVM_CHECK_EXTENSION, capability) > 0; };
  u64 identity_map = identity_map_address;
  if (has(KVM_CAP_SET_IDENTITY_MAP_ADDR) && vm_.control(KVM_SET_IDENTITY_MAP_ADDR, &identity_map) < 0)
    return refused("KVM_SET_IDENTITY_MAP_ADDR", errno);
  if (has(KVM_CAP_SET_TSS_ADDR) && vm_.control(KVM_SET_TSS_ADDR, tss_address) < 0)
    return refused("KVM_SET_TSS_ADDR", errno);
  // Without this, KVM turns an instruction of user code that it cannot emulate into a #UD that no processor raises.
  if (has(KVM_CAP_EXIT_ON_EMULATION_FAILURE)) {
    kvm_enable_cap enable{};
    enable.cap = KVM_CAP_EXIT_ON_EMULATION_FAILURE;
    enable.args[0] = 1;
    if (vm_.control(KVM_ENABLE_CAP, &enable) < 0) return refused("KVM_CAP_EXIT_ON_EMULATION_FAILURE", errno);
  }
  return {};
}

Result<> KvmMachine::set_up_slot(u32 slot, u64 first, u64 bytes) {
  kvm_userspace_memory_region region{};
  region.slot = slot;
  region.guest_phys_addr = first;
  region.memory_size = bytes;
  region.userspace_addr = reinterpret_cast<u64>(host_memory_->host_page(Hpa(first)));
  if (vm_.control(KVM_SET_USER_MEMORY_REGION, &region) < 0) return refused("KVM_SET_USER_MEMORY_REGION", errno);
  return {};
}

Result<> KvmMachine::set_up(metal::Door door, trace::Bus& bus, const Limits& limits) {
  if (auto made = set_up_vm(); !made) return made;
  const u64 guest_bytes = host_memory_->bytes() - frames_.count() * page_bytes;
  if (auto made = set_up_slot(0, 0, guest_bytes); !made) return made;
  const VcpuBase::Parts parts{device_, vm_, guest_memory_, bus, module_, limits};
  if (door == metal::Door::run_deprivileged) {
    if (auto made = set_up_slot(1, guest_bytes, frames_.count() * page_bytes); !made) return made;
    auto vcpu = DeprivilegedVcpu::make(parts, frames_, host_memory_->bytes());
    if (!vcpu) return vcpu.error();
    deprivileged_ = vcpu->get();
    vcpu_ = std::move(*vcpu);
    return {};
  }
  auto vcpu = KvmVcpu::make(parts);
  if (!vcpu) return vcpu.error();
  vcpu_ = std::move(*vcpu);
  return {};
}

}  // namespace

Result<std::unique_ptr<metal::Machine>> make_machine(const metal::MachineOptions& options, trace::Bus& bus) {
  return make_machine(options, bus, Limits{});
}

Result<std::unique_ptr<metal::Machine>> make_machine(const metal::MachineOptions& options, trace::Bus& bus,
                                                     const Limits& limits) {
  if (auto accepted = refuse_hardware_options(options.hardware); !accepted) return accepted.error();
  if (auto accepted = refuse_memory_size(options.memory_bytes); !accepted) return accepted.error();
  const Probe host = probe();
  if (!host.usable) return unavailable(host.why_not.english);
  const u64 monitor_frames = options.door == metal::Door::run_deprivileged ? monitor_frame_count : 0;
  auto host_memory = memory::HostMemory::make(options.memory_bytes + monitor_frames * page_bytes, bus);
  if (!host_memory) return host_memory.error();
  auto machine = std::make_unique<KvmMachine>(std::move(*host_memory), options.memory_bytes, host.module);
  if (auto ready = machine->set_up(options.door, bus, limits); !ready) return ready.error();
  return std::unique_ptr<metal::Machine>(std::move(machine));
}

}  // namespace trapline::kvm
