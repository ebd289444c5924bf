-- expect: before_it_runs: word 2 of the list
return { before_it_runs = { "other", 13, 13, "same" } }
