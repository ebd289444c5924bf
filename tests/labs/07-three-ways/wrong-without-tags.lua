-- expect: cr3_flushes: flushes at VM exits or VM entries
-- Little is left to drop, since every exit has emptied the TLB already.
return { cr3_flushes = { vpid = false } }
