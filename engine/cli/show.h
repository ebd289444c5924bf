// `trapline show`: one view at one moment of a trace. Each view prints itself as text or as JSON.
#pragma once

#include <functional>
#include <string>

#include "base/language.h"
#include "cli/commands.h"
#include "trace/event_source.h"

namespace trapline::cli {

using ShowView = std::function<Result<std::string>(const trace::EventSource& source, u64 at, Form form)>;

Result<std::string> show_walk(const trace::EventSource& source, u64 at, Form form);
Result<std::string> show_tlb(const trace::EventSource& source, u64 at, Form form);
Result<std::string> show_vmcs(const trace::EventSource& source, u64 at, Form form);
Result<std::string> show_regs(const trace::EventSource& source, u64 at, Form form);
Result<std::string> show_exits(const trace::EventSource& source, u64 at, Form form);
Result<std::string> show_ring(const trace::EventSource& source, u64 at, Form form);
Result<std::string> show_shadow(const trace::EventSource& source, u64 at, Form form);
// Needs the command's language, which the other views have no use for.
Result<std::string> show_explain(const trace::EventSource& source, u64 at, Form form, Language language);
Result<std::string> show_console(const trace::EventSource& source, u64 at, Form form);

}  // namespace trapline::cli
