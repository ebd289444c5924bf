#include "whole/para_lab.h"

#include "kvm/machine.h"
#include "soft/machine.h"

namespace trapline::whole {

namespace {

using spec::Hypercall;

// MOV [RBX], R8; SYSCALL
constexpr u8 code_bytes[] = {0x4c, 0x89, 0x03, 0x0f, 0x05};
constexpr u64 syscall_at = ParaLab::code + 3;

arch::CpuState without_results(arch::CpuState state) {
  state.gpr[arch::rax] = state.gpr[arch::rcx] = state.gpr[arch::r11] = state.rip = state.cr3 = 0;
  return state;
}

}  // namespace

Result<metal::Trap> PlayedDoor::run(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until) {
  met = {};
  if (!next) return real_.run(state, root, until);
  state = *next;
  next.reset();
  auto trap = real_.run(state, root, until);
  if (then) then();
  if (trap && trap->kind != trace::TrapKind::system_call && !faults_are_told) {
    met = trap->fault;
    trap->kind = trace::TrapKind::system_call;
    state.rip = syscall_at + 2;
  }
  return trap;
}

ParaLab::ParaLab(trace::MetalKind metal, devices::DiskImage disk) {
  metal::MachineOptions options;
  options.memory_bytes = memory_bytes;
  options.door = metal::Door::run_deprivileged;
  auto made = metal == trace::MetalKind::kvm ? kvm::make_machine(options, bus) : soft::make_machine(options, bus);
  REQUIRE(made.ok());
  machine = std::make_unique<PlayedMachine>(std::move(*made));
  REQUIRE(machine->memory().write(Gpa(code), std::as_bytes(std::span(code_bytes))));
  arch::CpuState start;
  start.rip = code;
  start.gpr[arch::rsp] = stack;
  start.rflags = arch::flag::always_one;
  start.cr0 = arch::cr0::pe | arch::cr0::et | arch::cr0::ne | arch::cr0::wp | arch::cr0::pg;
  start.cr4 = arch::cr4::pae;
  REQUIRE(machine->vcpu().set_state(start).ok());
  auto monitored = technique::ParaMonitor::make(*machine, bus, {}, {std::move(disk), [](u8) {}});
  REQUIRE(monitored.ok());
  monitor = std::move(*monitored);
}

u64 ParaLab::call(const Call& call) { return store_and_call(0, 0, call); }

u64 ParaLab::store_and_call(u64 linear, u64 value, const Call& call) {
  arch::CpuState state = monitor->guest().cpu;
  state.rip = linear ? code : syscall_at;
  const std::pair<arch::Gpr, u64> registers[] = {{arch::rax, call.number},
                                                 {arch::rdi, call.arguments[0]},
                                                 {arch::rsi, call.arguments[1]},
                                                 {arch::rdx, call.arguments[2]},
                                                 {arch::r10, call.arguments[3]},
                                                 {arch::rsp, call.rsp},
                                                 {arch::rbx, linear},
                                                 {arch::r8, value}};
  for (const auto& [number, content] : registers) state.gpr[number] = content;
  machine->played.next = state;
  ending = monitor->step();
  const auto& now = monitor->guest().cpu;
  state_kept = without_results(state) == without_results(now);
  return now.gpr[arch::rax];
}

std::optional<technique::Ending> ParaLab::go(const arch::CpuState& state) {
  machine->played.next = state;
  machine->played.faults_are_told = true;
  auto ended = monitor->step();
  machine->played.faults_are_told = false;
  return ended;
}

u64 ParaLab::window_page(u64 number) {
  u64 table = monitor->paging().root(true).cr3;
  for (const u64 index : {u64{para_abi::window_slot}, u64{0}, u64{0}, number})
    table = read_physical(table + index * 8) & arch::pte::address;
  return table;
}

u64 ParaLab::shared(u64 offset) { return read_physical(window_page(0) + offset); }

u64 ParaLab::update(u64 entry, u64 value) {
  put(list, {entry, value});
  return call(Hypercall::mmu_update, list, 1);
}

void ParaLab::build_root() {
  put(pml4, pdpt | kernel_entry);
  put(pdpt, pd | kernel_entry);
  for (u64 page = 0; page < pages; ++page) {
    const u64 place = page * page_bytes;
    if (page % 512 == 0) put(pd + page / 512 * 8, (pt + page / 512 * page_bytes) | kernel_entry);
    put(pt + page * 8, place | (place >= tables && place < pt + 2 * page_bytes ? read_only_entry : kernel_entry));
  }
}

u64 ParaLab::read_physical(u64 place) {
  if (door().frames().contains(Hpa(place))) return door().frames().read(Hpa(place));
  const Gpa guest = door().guest_address_of(Hpa(place));
  REQUIRE(guest.known());
  return get(guest.value);
}

// They are neighbours, and the window's table is one of them.
Hpa ParaLab::first_frame() {
  const u64 window = read_physical(monitor->paging().root(true).cr3 + para_abi::window_slot * 8);
  Hpa first(window & arch::pte::address);
  while (door().frames().contains(Hpa(first.value - page_bytes))) first = Hpa(first.value - page_bytes);
  return first;
}

// What lies in free frames means nothing: taking them clears them. The lowest go first, so that a few are enough.
WholeMachine ParaLab::whole() {
  constexpr u64 few = 64;
  memory::MonitorFrames& frames = door().frames();
  std::vector<Hpa> free;
  for (u64 count = std::min(frames.free(), few); count > 0; --count) free.push_back(*frames.take());
  for (const Hpa frame : free) frames.give_back(frame);

  WholeMachine all;
  all.memory.resize(memory_bytes);
  REQUIRE(machine->memory().read(Gpa(0), std::span(all.memory)));
  all.frames.resize((frames.count() - frames.free() + std::min(frames.free(), few)) * page_bytes);
  const u64 first = first_frame().value;
  frames.read_bytes(Hpa(first), std::span(all.frames));
  const u64 clock = window_page(1);
  std::fill_n(all.frames.begin() + static_cast<std::ptrdiff_t>(clock - first), 8, std::byte{0});
  for (u64 page = 0; page < pages; ++page) all.uses.push_back(monitor->paging().use(page));
  all.free_frames = frames.free();
  all.root = monitor->guest().cpu.cr3;
  const auto& guest = monitor->guest();
  all.trap_handlers = guest.trap_handlers;
  all.handlers = {guest.event_handler, guest.system_call_handler, guest.kernel_stack};
  monitor->save_keyframe(++keyframes_);
  bus.flush();
  trace::Cursor cursor = trace.events(trace.kinds<trace::Keyframe>());
  while (const trace::RecordedEvent* event = cursor.next()) {
    if (event->as<trace::Keyframe>()->set != keyframes_) continue;
    const auto blob = event->blob();
    all.devices.assign(blob.begin(), blob.end());
  }
  return all;
}

}  // namespace trapline::whole
