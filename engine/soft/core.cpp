#include "soft/core.h"

#include <cstring>

#include "base/tag.h"
#include "soft/wiring.h"

namespace trapline::soft {

Core::Core(memory::HostMemory& memory, trace::Bus& bus, const metal::HardwareOptions& options, const Defects& defects,
           const cpu::Tuning& tuning)
    : memory_(memory),
      bus_(bus),
      defects_(defects),
      caching_allowed_(!bus.records(trace::Level::memory)),
      mmu_(memory, bus, mmu_options(options, vmx::modelled_capabilities(), defects),
           {costs_[spec::Cost::walk_reference]}, walk_cycles_),
      cpu_(*this, memory, bus, tuning) {
  mmu_.on_evict([this](Gva first, u64 bytes) { cpu_.invalidate_page(first, bytes); });
  memory_.on_first_mark([this](u64) { cpu_.invalidate_writes(); });
}

// ---- translation ---------------------------------------------------------------------------------------------------
mmu::Translation Core::look_up(Gva linear, arch::Access access, mmu::Privilege privilege) {
  mmu_.state().alignment_check = cpu_.rflags() & arch::flag::ac;
  const mmu::Translation found = mmu_.translate(linear, access, privilege);
  settle();
  return found;
}

cpu::Translation Core::answer(const mmu::Translation& found, arch::Access access) const {
  cpu::Translation answer;
  if (found.outcome == mmu::Outcome::fault) {
    answer.verdict = cpu::Verdict::fault;
    answer.fault = found.fault;
    return answer;
  }
  assert(found.outcome == mmu::Outcome::translated);
  answer.hpa = found.hpa;
  answer.gpa = found.gpa;
  answer.host_page = found.host_page;
  answer.cacheable = caching_allowed_ && found.held && found.host_page && !found.thanks_to_ac &&
                     (access != arch::Access::write || memory_.marks(found.hpa.page_number()) == 0);
  return answer;
}

void Core::settle() {
  if (walk_cycles_) {
    cpu_.charge(walk_cycles_);
    walk_cycles_ = 0;
  }
  if (mmu_.generation() == seen_generation_) return;
  seen_generation_ = mmu_.generation();
  cpu_.invalidate_all();
}

void Core::write_watched(Hpa address, unsigned size, u64 value) {
  memory_.write(address, size, value, trace::Writer::guest);
}

// ---- the account ---------------------------------------------------------------------------------------------------
void Core::refresh_stamp() {
  bus_.stamp().retired = cpu_.retired();
  bus_.stamp().tick = cpu_.tick();
}

void Core::charge(spec::Cost cost, u64 times) {
  cpu_.charge(costs_[cost] * times);
  refresh_stamp();
}

void Core::count_emulated() {
  cpu_.retire_emulated();
  refresh_stamp();
}

void Core::idle_until(u64 nanoseconds) {
  if (nanoseconds > now()) idle_ += nanoseconds - now();
}

// ---- keyframes -----------------------------------------------------------------------------------------------------
void Core::save_part(u64 set, u32 which, const std::vector<std::byte>& bytes) const {
  bus_.emit_with_blob(trace::Keyframe{set, which, unknown_address}, bytes);
}

void Core::save_memory(u64 set) const {
  memory_.save_keyframe(set);
  save_part(set, mmu::tlb_part, mmu_.save());
}

void Core::save_clock(u64 set) const {
  std::vector<std::byte> idle(sizeof idle_);
  std::memcpy(idle.data(), &idle_, sizeof idle_);
  save_part(set, tag("IDLE"), idle);
}

}  // namespace trapline::soft
