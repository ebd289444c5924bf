-- expect: dirty_log: were written are not in your log
-- Hands pages out with all rights at the first touch, so later writes are not seen.
local pages = {}
return {
  dirty_log = {
    ept_violation = function(call)
      if call.access == "write" then pages[#pages + 1] = call.gpa & ~0xfff end
      call:map(call.gpa)
      return true
    end,
    dirty = function() return pages end,
  },
}
