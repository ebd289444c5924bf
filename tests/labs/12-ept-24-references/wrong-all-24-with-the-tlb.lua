-- expect: all_24: makes no walk at all
-- Takes the caches away, but the TLB still has the translation.
return { all_24 = { paging_structure_caches = false } }
