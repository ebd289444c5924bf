-- expect: translate: a 2 MiB page of lane
-- Takes 12 bits as offset in a page of 2 MiB too.
return {
  translate = function(read64, cr3, gva, access, user)
    local code = (access == "write" and 2 or 0) | (user and 4 or 0) | (access == "execute" and 16 or 0)
    local table_at, all, any = cr3 & 0x000ffffffffff000, -1, 0
    for _, shift in ipairs { 39, 30, 21, 12 } do
      local entry = read64(table_at + 8 * (gva >> shift & 511))
      if entry & 1 == 0 then return nil, code end
      all, any = all & entry, any | entry
      if shift == 12 or shift == 21 and entry & 0x80 ~= 0 then
        if user and all & 4 == 0 or access == "write" and all & 2 == 0 or access == "execute" and any >> 63 == 1 then
          return nil, code | 1
        end
        local offset = 0xfff
        return entry & 0x000ffffffffff000 & ~offset | gva & offset
      end
      table_at = entry & 0x000ffffffffff000
    end
  end,
}
