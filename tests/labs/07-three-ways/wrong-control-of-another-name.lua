-- expect: exits_as_wanted: cr3_exiting
return { exits_as_wanted = { cr3_exiting = true } }
