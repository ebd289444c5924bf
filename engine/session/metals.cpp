// The metals of this build. Apart from session.cpp, so that a test with a metal of its own links none of them.
#include "kvm/machine.h"
#include "session/session.h"
#include "soft/machine.h"

namespace trapline::session {
namespace {

Result<std::unique_ptr<metal::Machine>> make(trace::MetalKind metal, const metal::MachineOptions& options,
                                             trace::Bus& bus) {
  switch (metal) {
    case trace::MetalKind::soft:
      return soft::make_machine(options, bus);
    case trace::MetalKind::kvm:
      return kvm::make_machine(options, bus);
  }
  return internal_error("A metal has a name and no machine.");
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const RunRequest& request) { return open(request, make); }

}  // namespace trapline::session
