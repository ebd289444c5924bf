-- expect: cr3_flushes: at most half are wanted
-- A larger TLB holds more, and so more is dropped.
return { cr3_flushes = { tlb_sets = 64, tlb_ways = 8 } }
