-- expect: references: The processor walked EPT as well
-- Counts the guest's entries and forgets EPT's.
return {
  references = function(lab)
    local tour = lab.lanes.tour
    local marker = ("marker.action == page_fault and ordinal == %d and end == "):format(1 + lab.seed % 5)
    local range = (" and provenance == observed and dimension == guest and seq in %d..%d"):format(tour:first(marker .. "false").seq, tour:first(marker .. "true").seq)
    return {
      memory = tour:count("walk_ref.source == memory" .. range),
      caches = tour:count("walk_ref.source == paging_structure_cache" .. range),
    }
  end,
}
