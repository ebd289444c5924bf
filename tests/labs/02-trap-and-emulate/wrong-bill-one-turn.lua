-- expect: trap_bill: the number of traps for cli
-- Counted in the listing instead of in the run: the loop turns several times.
return { trap_bill = { cli = 2, sti = 2, ["in"] = 1, clts = 1, mov_from_cr = 3 } }
