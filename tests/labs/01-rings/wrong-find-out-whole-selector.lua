-- expect: find_out: whose code segment is 0x28
-- Compares with one kernel's selector.
return { find_out = "mov eax, cs\nsub eax, 8" }
