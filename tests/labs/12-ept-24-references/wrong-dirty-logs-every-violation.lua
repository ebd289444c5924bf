-- expect: dirty_log: in your log were never written
-- Notes each page at its first violation, whatever was wanted.
local seen, pages = {}, {}
return {
  dirty_log = {
    ept_violation = function(call)
      local page = call.gpa & ~0xfff
      if not seen[page] then pages[#pages + 1] = page end
      seen[page] = true
      call:map(page, { write = call.access == "write" })
      return true
    end,
    dirty = function() return pages end,
  },
}
