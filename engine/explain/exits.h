// What each reason of a VM exit has to say beyond its name; and why it exits: the control that made it so.
#pragma once

#include "explain/account.h"
#include "spec/exit_reasons.h"
#include "spec/vmcs_fields.h"

namespace trapline::explain {

// Adds the sentences of the exit's reason.
void say_reason(Account& account, const trace::VmExit& exit);
// Adds the control that reserves this exit, with the event that wrote it.
void say_control(Account& account, const trace::VmExit& exit);
// The last write of a VMCS field before the event, or else the first one of the run.
std::optional<trace::RecordedEvent> writer_of(Account& account, spec::VmcsField field);

}  // namespace trapline::explain
