#include "session/request.h"

namespace trapline::session {

int LaneResult::process_exit_code() const {
  switch (outcome) {
    case trace::Outcome::finished:
      return exit_code == 0 ? 0 : 1;
    case trace::Outcome::budget_spent:
    case trace::Outcome::timed_out:
      return 124;
    case trace::Outcome::interrupted:
      return 130;
    case trace::Outcome::failed:
    case trace::Outcome::running:
      return 3;
    case trace::Outcome::triple_fault:
    case trace::Outcome::halted_forever:
    case trace::Outcome::entry_failed:
    case trace::Outcome::not_implemented:
    case trace::Outcome::handler_failed:
      break;
  }
  return 1;
}

}  // namespace trapline::session
