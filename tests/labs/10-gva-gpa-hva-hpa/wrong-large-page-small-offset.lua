-- expect: large_page: How many bytes has this page
-- Takes 12 bits as offset in a page of 2 MiB.
return {
  large_page = function(lab)
    local e = lab.lanes.mapped:first("walk_end.page_level == 2 and walk_end.gva in 0x8000000000..0x7fffffffffff")
    return e.gpa & ~0x1fffff | e.gva & 0xfff
  end,
}
