// The machine at a moment of a recorded lane, by running it again: soft lanes are deterministic, so what a trace does
// not hold can be computed. kvm lanes cannot be run again.
//
// A moment is a retired count as the trace's stamps have it, and the state is that of the first time when so many
// guest instructions had retired: the instruction is over with all that it brings about by itself (an emulated one, a
// system call's way into the kernel, a hypercall's result), and no interrupt, event or fault of a later instruction
// has reached the guest. Events of one count may lie later than that: behind the delivery of an interrupt, say.
//
// Whose registers, by technique, as in keyframes of that lane:
//   hardware  the guest's, of the VMCS and the processor
//   full      the guest's as its kernel knows them: CPL 0 and RIP in its own code, never in translations of it; virtual
//             CR0, CR3, CR4, EFER, MSRs, RFLAGS.IF and IOPL; its own descriptor tables
//   para      the guest's: selectors with its virtual privilege, CR3 the root that it loaded (0 before the first),
//             RFLAGS.IF whether its events are on. CR2 stays 0: a fault's address stands in the shared page.
#pragma once

#include <memory>

#include "arch/cpu_state.h"
#include "base/result.h"
#include "session/stopping_machine.h"
#include "trace/event_source.h"

namespace trapline::session {

// One lane, ready to be run to moment after moment. A moment behind the last one is reached from there, any other from
// the start. Holds one machine with its memory; nothing of the trace once it is open.
class Replay {
 public:
  // Errors: a kvm lane; a lane in which a lab's functions took part, or in which HLT did not exit.
  static Result<std::unique_ptr<Replay>> open(const trace::EventSource& lane);
  ~Replay();

  // Errors: a guest, module or disk that is not at hand or has changed since, or a start that differs in anything else
  // from the one in the trace; the lane never retired so many; `stop_asked` said true (ask it again to tell that from
  // the others; what has been run so far stays good).
  Result<arch::CpuState> at(u64 retired, const StopAsked& stop_asked = {});

 private:
  struct Run;
  explicit Replay(std::unique_ptr<Run> run);
  std::unique_ptr<Run> run_;
};

// Once, without keeping anything.
Result<arch::CpuState> registers_at(const trace::EventSource& lane, u64 retired, const StopAsked& stop_asked = {});

}  // namespace trapline::session
