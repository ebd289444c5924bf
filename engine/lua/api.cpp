// Everything that scripts are offered, file by file: what is not in this list is in no reference either.
#include "lua/api.h"

namespace trapline::lua {

const Api& api() {
  static const Api all = {{}, {}};
  return all;
}

}  // namespace trapline::lua
