-- expect: dirty_log: were written are not in your log
-- Notes only what instructions write, and not the tables into which the processor writes flags.
local pages = {}
return {
  dirty_log = {
    ept_violation = function(call)
      local is_write = call.access == "write"
      if is_write and call.qualification & 0x100 ~= 0 then pages[#pages + 1] = call.gpa & ~0xfff end
      call:map(call.gpa, { write = is_write })
      return true
    end,
    dirty = function() return pages end,
  },
}
