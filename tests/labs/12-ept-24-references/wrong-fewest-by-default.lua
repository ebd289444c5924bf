-- expect: fewest: references to memory of all walks
-- Everything on, as it was: the TLB is smaller than what the guest visits.
return { fewest = { vpid = true, paging_structure_caches = true } }
