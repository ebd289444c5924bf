-- expect: cr3_flushes: loads of CR3 that flush by themselves
-- The loads exit: now it is the monitor that flushes, and just as much.
return { cr3_flushes = { cr3_load_exiting = true } }
