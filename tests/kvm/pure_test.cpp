// What needs no /dev/kvm: reading kvm_run, registers to and fro, and saying why a host is of no use.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sys/stat.h>
#include <vector>

#include "kvm/exits.h"
#include "kvm/lab.h"
#include "kvm/pagemap.h"
#include "kvm/probe.h"
#include "kvm/registers.h"

using namespace trapline;
using trace::UserExitReason;

namespace {

// A run structure as the kernel would fill it, with room behind it for port data.
struct FakeRun {
  std::vector<u64> bytes = std::vector<u64>(12288 / 8);
  kvm_run& run() { return *reinterpret_cast<kvm_run*>(bytes.data()); }
  kvm::ReadExit read() { return kvm::read_exit(run(), bytes.size() * 8, "kvm_test"); }
};

kvm::ReadExit read_reason(u32 reason) {
  FakeRun fake;
  fake.run().exit_reason = reason;
  return fake.read();
}

std::filesystem::path scratch_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "trapline-kvm-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  return name;
}

}  // namespace

TEST_CASE("exits without details keep KVM's number") {
  CHECK(read_reason(KVM_EXIT_HLT).exit.reason == UserExitReason::halt);
  CHECK(read_reason(KVM_EXIT_SHUTDOWN).exit.reason == UserExitReason::shutdown);
  CHECK(read_reason(KVM_EXIT_IRQ_WINDOW_OPEN).exit.reason == UserExitReason::interrupt_window);
  const auto other = read_reason(KVM_EXIT_X86_RDMSR);
  CHECK(other.exit.reason == UserExitReason::failed);
  CHECK(other.exit.detail.find("KVM_EXIT_X86_RDMSR") != std::string::npos);
  CHECK(read_reason(4711).exit.detail.find("KVM exit 4711") != std::string::npos);
}

TEST_CASE("a refused VM entry names the hardware's reason") {
  FakeRun fake;
  fake.run().exit_reason = KVM_EXIT_FAIL_ENTRY;
  fake.run().fail_entry.hardware_entry_failure_reason = 0x80000021;
  const auto read = fake.read();
  CHECK(read.exit.reason == UserExitReason::entry_failed);
  CHECK(read.exit.detail.find("0x80000021") != std::string::npos);
}

TEST_CASE("port data outside the run structure is refused, not followed") {
  FakeRun fake;
  fake.run().exit_reason = KVM_EXIT_IO;
  fake.run().io = {KVM_EXIT_IO_OUT, 4, 0x80, 10, 12288 - 40};
  CHECK(fake.read().exit.reason == UserExitReason::port_io);
  fake.run().io.data_offset += 1;
  CHECK(fake.read().exit.reason == UserExitReason::failed);
  fake.run().io.data_offset = ~0ULL - 4;
  CHECK(fake.read().exit.reason == UserExitReason::failed);
}

TEST_CASE("an emulation failure gives the instruction's bytes where KVM tells them") {
  FakeRun fake;
  fake.run().exit_reason = KVM_EXIT_INTERNAL_ERROR;
  fake.run().internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
  CHECK(fake.read().exit.reason == UserExitReason::not_implemented);
  CHECK_FALSE(fake.read().failed);
  auto& failure = fake.run().emulation_failure;
  failure.ndata = 3;
  failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
  failure.insn_size = 200;  // more than there can be
  failure.insn_bytes[0] = 0xd9;
  const auto read = fake.read();
  REQUIRE(read.failed);
  CHECK(read.failed->length == 15);
  CHECK(read.failed->bytes[0] == 0xd9);
  fake.run().internal.suberror = KVM_INTERNAL_ERROR_DELIVERY_EV;
  CHECK(fake.read().exit.reason == UserExitReason::failed);
}

TEST_CASE("registers go to KVM's structures and back without loss") {
  std::mt19937_64 random(2);
  for (unsigned round = 0; round < 100; ++round) {
    arch::CpuState state;
    for (u64& value : state.gpr) value = random();
    for (auto* segment : {&state.segments[0], &state.segments[1], &state.segments[5], &state.tr, &state.ldtr})
      *segment = {static_cast<u16>(random()), static_cast<u32>(random()) & 0x1f0ff, static_cast<u32>(random()),
                  random()};
    for (u64 arch::CpuState::*member :
         {&arch::CpuState::rip, &arch::CpuState::rflags, &arch::CpuState::cr0, &arch::CpuState::cr2,
          &arch::CpuState::cr3, &arch::CpuState::cr4, &arch::CpuState::cr8, &arch::CpuState::efer,
          &arch::CpuState::star, &arch::CpuState::lstar, &arch::CpuState::cstar, &arch::CpuState::sfmask,
          &arch::CpuState::kernel_gs_base, &arch::CpuState::tsc_aux, &arch::CpuState::sysenter_cs,
          &arch::CpuState::sysenter_esp, &arch::CpuState::sysenter_eip, &arch::CpuState::pat,
          &arch::CpuState::apic_base})
      state.*member = random();
    state.gdtr = {random(), static_cast<u16>(random())};
    state.idtr = {random(), static_cast<u16>(random())};
    for (unsigned index : {0, 1, 2, 3, 6, 7}) state.dr[index] = random();
    state.blocking_by_sti = random() & 1;
    state.blocking_by_mov_ss = random() & 1;
    state.blocking_by_nmi = random() & 1;
    kvm::Registers registers;
    kvm::from_state(state, registers);
    arch::CpuState back = kvm::to_state(registers);
    CHECK((back == state) == (state.dr[4] == back.dr[4]));
  }
}

TEST_CASE("a host without a usable KVM is told why in one sentence") {
  const auto folder = scratch_folder();
  kvm::Places places;
  places.device = (folder / "nothing").string();
  auto found = kvm::probe(places);
  CHECK_FALSE(found.usable);
  CHECK(found.api_version == 0);
  CHECK(found.why_not.english.find("does not exist") != std::string::npos);
  places.device = "/dev/null";
  found = kvm::probe(places);
  CHECK_FALSE(found.usable);
  CHECK(found.why_not.english.find("does not answer") != std::string::npos);
  CHECK(found.why_not.chinese.starts_with("/dev/null 的应答"));
  places.device = folder.string();  // a folder opens for nobody's writing
  CHECK_FALSE(kvm::probe(places).usable);
  std::filesystem::remove_all(folder);
}

TEST_CASE("the module is found loaded, built in or listed") {
  const auto folder = scratch_folder();
  kvm::Places places;
  places.module_folder = (folder / "module").string();
  places.module_list = (folder / "modules").string();
  CHECK(kvm::module_name(places) == "unknown");
  std::ofstream(places.module_list) << "kvm_amdish 1 0 - Live\nkvm_amd 1 0 - Live 0x0\n";
  CHECK(kvm::module_name(places) == "kvm_amd");
  std::filesystem::create_directories(folder / "module" / "kvm_intel");
  CHECK(kvm::module_name(places) == "kvm_intel");
  std::filesystem::create_directories(folder / "module" / "kvm_pvm");
  CHECK(kvm::module_name(places) == "kvm_pvm");
  CHECK(kvm::is_software_virtualization("kvm_pvm"));
  CHECK_FALSE(kvm::is_software_virtualization("kvm_amd"));
  CHECK(kvm::may_strand_system_calls("kvm_pvm"));
  CHECK(kvm::may_strand_system_calls("unknown"));  // a container without /sys
  CHECK_FALSE(kvm::may_strand_system_calls("kvm_intel"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("frame numbers that are not told are unknown, never zero") {
  const auto folder = scratch_folder();
  const std::string path = (folder / "pagemap").string();
  std::ofstream(path) << "short";
  const kvm::Pagemap none(path);
  CHECK_FALSE(none.shows_frames());
  CHECK_FALSE(none.frame_of(&path).known());
  const kvm::Pagemap zeros("/dev/zero");  // what an unprivileged reader sees: bit 63 aside, all zero
  CHECK_FALSE(zeros.shows_frames());
  std::filesystem::remove_all(folder);
}

TEST_CASE("options that KVM cannot vary are refused by name, before the device is touched") {
  trace::MemoryTrace sink;
  trace::Bus bus(trace::Level::exits, sink);
  metal::MachineOptions options;
  options.hardware.tlb_ways = 1;
  auto refused = kvm::make_machine(options, bus);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().kind == ErrorKind::usage);
  CHECK(refused.error().sentence.find("tlb_ways") != std::string::npos);
  options = {};
  options.hardware.exception_bitmap = 1 << 14;
  refused = kvm::make_machine(options, bus);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().sentence.find("exception_bitmap") != std::string::npos);
  for (const u64 bytes : {u64{0}, u64{4095}, u64{1} << 40}) {
    options = {};
    options.memory_bytes = bytes;
    refused = kvm::make_machine(options, bus);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == ErrorKind::usage);
  }
}
