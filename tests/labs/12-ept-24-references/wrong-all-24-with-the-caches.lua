-- expect: all_24: references to memory of the walk for the second read
-- Loses the TLB's translation at the exit, but not the cached upper entries.
return { all_24 = { vpid = false } }
