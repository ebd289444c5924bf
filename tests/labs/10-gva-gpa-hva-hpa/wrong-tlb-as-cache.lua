-- expect: references: caches: entries from paging structure cache
-- Takes translations from the TLB for entries from a paging-structure cache.
return {
  references = function(lab)
    local tour = lab.lanes.tour
    local marker = ("marker.action == page_fault and ordinal == %d and end == "):format(1 + lab.seed % 5)
    local range = (" and provenance == observed and seq in %d..%d"):format(tour:first(marker .. "false").seq, tour:first(marker .. "true").seq)
    return {
      memory = tour:count("walk_ref.source == memory" .. range),
      caches = tour:count("walk_ref.source == tlb" .. range),
    }
  end,
}
