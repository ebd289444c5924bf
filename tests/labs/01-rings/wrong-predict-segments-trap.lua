-- expect: before_it_runs: line 4, mov eax, ds
-- A segment register is taken for a privileged one.
return { before_it_runs = { "other", "GP", "GP", "GP" } }
