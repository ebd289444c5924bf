-- expect: choose_exits: as many as without your controls
-- What was asked for, and more.
return { choose_exits = { cr3_store_exiting = true, descriptor_table_exiting = true } }
