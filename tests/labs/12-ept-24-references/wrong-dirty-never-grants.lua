-- expect: dirty_log: the run with your handler must end
-- Never gives the right to write: the same access violates EPT for ever.
local seen, pages = {}, {}
return {
  dirty_log = {
    ept_violation = function(call)
      local page = call.gpa & ~0xfff
      if call.access == "write" and not seen[page] then
        seen[page] = true
        pages[#pages + 1] = page
      end
      call:map(page, { write = false })
      return true
    end,
    dirty = function() return pages end,
  },
}
