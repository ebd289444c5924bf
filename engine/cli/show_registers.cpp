// Registers at a moment, with a word on where they come from. Between keyframes the trace alone does not know them.
#include "cli/json.h"
#include "cli/show.h"
#include "cli/table.h"
#include "views/fold.h"
#include "views/registers.h"

namespace trapline::cli {

Result<std::string> show_regs(const trace::EventSource& source, u64 at, Form form) {
  const auto view = views::folded<views::RegistersView>(source, at + 1);
  static_cast<void>(form);
  if (!view.keyframe()) return usage_error("no keyframe before event");
  return std::string();
}

}  // namespace trapline::cli
