-- expect: exits_as_wanted: which nobody asked for
return { exits_as_wanted = { cr3_load_exiting = true, invlpg_exiting = true, descriptor_table_exiting = true } }
