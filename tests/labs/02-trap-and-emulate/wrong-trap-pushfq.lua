-- expect: first_trap: the line that traps first
-- "Whoever reads the flags of a kernel must trap": PUSHFQ is sensitive, and is let through all the same.
return { first_trap = { line = 2, vector = 13, error_code = 0 } }
