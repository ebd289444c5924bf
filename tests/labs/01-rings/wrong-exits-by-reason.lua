-- expect: choose_exits: no hardware option named CR_ACCESS
return { choose_exits = { CR_ACCESS = true } }
