-- expect: exits_as_wanted: an event that matches vm_exit.reason == CR_ACCESS
-- A store of CR3 reads it (MOV from CR3); a load writes it.
return { exits_as_wanted = { cr3_store_exiting = true } }
