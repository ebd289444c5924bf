-- expect: first_trap: the error code of the first trap
-- The error code of a page fault (present, user) for a general protection fault.
return { first_trap = { line = 4, vector = 13, error_code = 5 } }
