-- expect: choose_exits: the form of the answer
return { choose_exits = { "cr3_store_exiting" } }
