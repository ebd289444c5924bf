-- expect: warm_walk: number of entries that the walk for 0x80800000 reads from memory in lane warm. another number
-- Counts all references, also those that a cache answered.
return {
  warm_walk = function(lab)
    return #lab.lanes.warm:at(lab.lanes.warm:first("walk_begin.gva == 0x80800000")):walk().references
  end,
}
