-- expect: dirty_log: by returning true
-- Maps the page and does not say so; the monitor then maps it again, with all rights.
local pages = {}
return {
  dirty_log = {
    ept_violation = function(call)
      if call.access == "write" then pages[#pages + 1] = call.gpa & ~0xfff end
      call:map(call.gpa, { write = call.access == "write" })
    end,
    dirty = function() return pages end,
  },
}
