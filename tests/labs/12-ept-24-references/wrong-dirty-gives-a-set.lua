-- expect: dirty_log: a table without a first element
-- Gives back the set that it keeps, not a list.
local written = {}
return {
  dirty_log = {
    ept_violation = function(call)
      if call.access == "write" then written[call.gpa & ~0xfff] = true end
      call:map(call.gpa, { write = call.access == "write" })
      return true
    end,
    dirty = function() return written end,
  },
}
