-- expect: before_it_runs: another word
-- "Every instruction that a user may not execute traps."
return { before_it_runs = { "GP", "GP", "GP", "GP" } }
