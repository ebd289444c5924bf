-- expect: choose_exits: cr3_stores_exiting
-- No control has this name.
return { choose_exits = { cr3_stores_exiting = true } }
