// What a run is asked to be, and what it was.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "metal/metal.h"
#include "technique/full/options.h"

namespace trapline::session {

inline constexpr u64 soft_budget = 50'000'000;  // retired + REP iterations + faults + exits
inline constexpr u64 kvm_budget = 2'000'000;    // exits
inline constexpr u64 least_memory = 2ULL << 20, most_memory = 1ULL << 30;

struct RunRequest {
  std::string guest;  // built-in name, or path of an ELF file
  trace::Technique technique = trace::Technique::hardware;
  trace::MetalKind metal = trace::MetalKind::soft;
  trace::Level level = trace::Level::mmu;
  u64 seed = 1;
  std::optional<u64> budget;    // the metal's default otherwise
  u64 timeout_seconds = 60;     // of the host's time, on metals that live on it (kvm)
  u64 memory_bytes = 16 << 20;  // whole pages
  metal::HardwareOptions hardware;
  technique::FullOptions full;
  std::string disk_file;    // empty: the built-in disk
  std::string module_file;  // empty: none, or what the built-in guest brings
  std::string out_folder = "trapline-out";

  // For labs, whose guests and changes come from a script.
  std::optional<std::vector<std::byte>> image;  // an ELF file's bytes in place of a guest's file; `guest` names it
  // Called once after loading, before the first instruction; registers may be changed too.
  std::function<Result<>(metal::Machine& machine, arch::CpuState& state)> prepare;
  metal::Handlers* handlers = nullptr;  // decisions that the script takes; must outlive the session
};

struct LaneResult {
  std::string guest;
  trace::Technique technique = trace::Technique::hardware;
  trace::MetalKind metal = trace::MetalKind::soft;
  std::string metal_description;
  trace::Outcome outcome = trace::Outcome::running;
  u32 exit_code = 0;
  std::optional<std::string> digest;  // nothing where the guest printed no facts
  std::string event_hash;
  std::optional<u64> retired;  // nothing where the metal cannot count
  std::string trace;           // path of the file
  std::string sentence;        // why it ended so; empty for a guest that ended by itself with exit code 0

  // What a program that ran this lane exits with: 0 success, 1 an abnormal end of the guest, 3 the host failed us,
  // 124 budget or time spent, 130 interrupted.
  int process_exit_code() const;
};

}  // namespace trapline::session
