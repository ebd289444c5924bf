#include "soft/machine.h"

#include "soft/deprivileged.h"
#include "soft/frames.h"
#include "soft/vcpu.h"

namespace trapline::soft {

namespace {

std::vector<u64> guest_frames(const FrameLayout& layout, const metal::MachineOptions& options) {
  return memory::scattered_frames(layout.guest_pages, layout.monitor_frames,
                                  layout.total_frames - layout.monitor_frames, options.seed);
}

// Everything that one guest's machine owns, in the order in which it is built.
class SoftMachine : public metal::Machine {
 public:
  SoftMachine(std::unique_ptr<memory::HostMemory> host, const FrameLayout& layout, const metal::MachineOptions& options,
              trace::Bus& bus, const Defects& defects, const cpu::Tuning& sizes)
      : host_(std::move(host)),
        guest_(*host_, guest_frames(layout, options)),
        frames_(layout.monitor_frames),
        processor_(*host_, bus, options.hardware, defects, sizes),
        kernel_half_(processor_, guest_, frames_, bus, options.hardware, options.handlers),
        vcpu_(processor_, kernel_half_, bus, options.hardware) {
    host_->name_frames_by([this](u64 frame) { return guest_.guest_page_of_frame(frame); });
  }

  Result<> start() { return kernel_half_.start(); }

  memory::GuestMemory& memory() override { return guest_; }
  metal::Vcpu& vcpu() override { return vcpu_; }
  std::string description() const override { return "soft: the modelled x86-64 processor with VMX, EPT and VPID"; }

 private:
  std::unique_ptr<memory::HostMemory> host_;
  memory::GuestMemory guest_;
  FrameAllocator frames_;
  Processor processor_;
  KernelHalf kernel_half_;
  SoftVcpu vcpu_;
};

// The same for the door run_deprivileged: the monitor's frames lie behind the guest's, and there is no VMX.
class DeprivilegedMachine : public metal::Machine {
 public:
  DeprivilegedMachine(std::unique_ptr<memory::HostMemory> host, const FrameLayout& layout,
                      const metal::MachineOptions& options, trace::Bus& bus, const Defects& defects,
                      const cpu::Tuning& sizes)
      : host_(std::move(host)),
        guest_(*host_, guest_frames(layout, options)),
        frames_(*host_, Hpa::of_page(layout.total_frames), Hpa::of_page(layout.total_frames),
                SoftDeprivileged::frames_of_monitor),
        vcpu_(guest_, frames_, bus, options.hardware, defects, sizes) {
    host_->name_frames_by([this](u64 frame) { return guest_.guest_page_of_frame(frame); });
  }

  memory::GuestMemory& memory() override { return guest_; }
  metal::Vcpu& vcpu() override { return vcpu_; }
  metal::Deprivileged* deprivileged() override { return &vcpu_; }
  std::string description() const override { return "soft: the modelled x86-64 processor, its guest at CPL 3"; }

 private:
  std::unique_ptr<memory::HostMemory> host_;
  memory::GuestMemory guest_;
  memory::MonitorFrames frames_;
  SoftDeprivileged vcpu_;
};

Result<> check(const metal::MachineOptions& options) {
  if (options.door == metal::Door::run_virtual && !options.hardware.ept)
    return usage_error("soft: without EPT a guest needs shadow page tables, which are not built yet; leave ept on");
  const u64 sets = options.hardware.tlb_sets, ways = options.hardware.tlb_ways;
  if (sets == 0 || ways == 0 || sets > 4096 || ways > 64 || sets * ways > 4096 || (sets & (sets - 1)))
    return usage_error("soft: a TLB has a power of two of sets, 1 to 64 ways and at most 4096 entries in all");
  return {};
}

}  // namespace

Result<std::unique_ptr<metal::Machine>> make_machine(const metal::MachineOptions& options, trace::Bus& bus) {
  return make_machine(options, bus, Defects{});
}

Result<std::unique_ptr<metal::Machine>> make_machine(const metal::MachineOptions& options, trace::Bus& bus,
                                                     const Defects& defects, const cpu::Tuning& sizes) {
  if (auto sound = check(options); !sound) return sound.error();
  const FrameLayout layout = FrameLayout::for_guest(options.memory_bytes);
  if (options.memory_bytes < page_bytes || options.memory_bytes % page_bytes ||
      options.memory_bytes > memory::HostMemory::largest / 2)
    return usage_error("soft: a guest has a whole number of 4 KiB pages and at most " +
                       std::to_string(memory::HostMemory::largest / 2 >> 20) + " MiB of memory");
  const bool deprivileged = options.door == metal::Door::run_deprivileged;
  const u64 frames = layout.total_frames + (deprivileged ? SoftDeprivileged::frames_of_monitor : 0);
  auto host = memory::HostMemory::make(frames * page_bytes, bus);
  if (!host) return host.error();
  if (deprivileged)
    return std::unique_ptr<metal::Machine>(
        std::make_unique<DeprivilegedMachine>(std::move(*host), layout, options, bus, defects, sizes));
  auto machine = std::make_unique<SoftMachine>(std::move(*host), layout, options, bus, defects, sizes);
  if (auto started = machine->start(); !started) return started.error();
  return std::unique_ptr<metal::Machine>(std::move(machine));
}

}  // namespace trapline::soft
