-- expect: find_out: at CPL 3 without translation
-- SMSW is silent, but what it tells is the same here.
return { find_out = "smsw eax\nand eax, 1\nxor eax, 1" }
