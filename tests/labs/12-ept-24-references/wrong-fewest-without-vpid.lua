-- expect: fewest: references to memory of all walks
-- A large TLB that every exit empties.
return { fewest = { tlb_sets = 64, tlb_ways = 16, vpid = false } }
