-- expect: choose_exits: a VM exit for MOV from CR3
return { choose_exits = { cr3_load_exiting = true } }
