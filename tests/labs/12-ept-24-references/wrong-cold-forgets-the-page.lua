-- expect: cold_walk: number of entries that the walk for 0x80800000 reads from memory in lane cold. another number
-- Counts the guest's entries and what finds them, and not the four entries that find the page.
return {
  cold_walk = function(lab)
    local walk = lab.lanes.cold:at(lab.lanes.cold:first("walk_begin.gva == 0x80800000")):walk()
    return walk:from("memory") - 4
  end,
}
