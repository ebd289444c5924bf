-- expect: first_trap: a whole number is wanted
-- The mnemonic where the vector's number is asked for.
return { first_trap = { line = 4, vector = "#GP", error_code = 0 } }
