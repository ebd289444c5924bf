#include "session/boot_module.h"

#include <plan.h>  // of guest-kernels/shuffle, through the library trapline_shuffle_plan

namespace trapline::session {

std::vector<std::byte> built_in_module(std::string_view guest, u64 seed) {
  if (guest == "shuffle") return shuffle::make_plan(seed).module;
  return {};
}

}  // namespace trapline::session
