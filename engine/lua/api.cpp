// Everything that scripts are offered, file by file: what is not in this list is in no reference either.
#include "lua/api.h"

#include "lua/guest_access.h"
#include "lua/walk_object.h"

namespace trapline::lua {

const Api& api() {
  static const Api all = {
      {&TraceObject::lua_class(), &EventObject::lua_class(), &PositionObject::lua_class(), &WalkObject::lua_class(),
       &comparison_class(), &MachineObject::lua_class(), &CallObject::lua_class(), &Registers::lua_class()},
      {&run_library(), &open_library(), &compare_library(), &code_library(), &paging_library(), &spec_library()}};
  return all;
}

}  // namespace trapline::lua
