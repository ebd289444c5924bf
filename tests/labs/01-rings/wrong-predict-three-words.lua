-- expect: before_it_runs: one for each line
return { before_it_runs = { "other", "GP", "GP" } }
