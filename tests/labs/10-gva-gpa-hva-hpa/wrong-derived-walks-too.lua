-- expect: references: Walks that software derived
-- Counts the walks of software too.
return {
  references = function(lab)
    local tour = lab.lanes.tour
    local marker = ("marker.action == page_fault and ordinal == %d and end == "):format(1 + lab.seed % 5)
    local range = (" and seq in %d..%d"):format(tour:first(marker .. "false").seq, tour:first(marker .. "true").seq)
    return {
      memory = tour:count("walk_ref.source == memory" .. range),
      caches = tour:count("walk_ref.source == paging_structure_cache" .. range),
    }
  end,
}
