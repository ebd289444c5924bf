-- expect: first_trap: the vector of the first trap
-- "A forbidden instruction is an invalid instruction": #UD instead of #GP.
return { first_trap = { line = 4, vector = 6, error_code = 0 } }
