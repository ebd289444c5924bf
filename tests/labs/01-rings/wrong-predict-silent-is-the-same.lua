-- expect: before_it_runs: line 1, str eax
-- What does not trap is taken for harmless.
return { before_it_runs = { "same", "GP", "GP", "same" } }
