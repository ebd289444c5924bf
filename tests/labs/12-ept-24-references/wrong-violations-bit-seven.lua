-- expect: violations: EPT violations for pages that the guest wanted to use (pages). another number
-- Bit 7 says that there is a linear address at all; bit 8 says what it was for.
return {
  violations = function(lab)
    local found = { pages = 0, tables = 0 }
    for exit in lab.lanes.warm:events("vm_exit.reason == EPT_VIOLATION") do
      local what = exit.qualification & 0x80 ~= 0 and "pages" or "tables"
      found[what] = found[what] + 1
    end
    return found
  end,
}
