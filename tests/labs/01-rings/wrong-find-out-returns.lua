-- expect: find_out: did not go on behind your last line
return { find_out = "mov eax, cs\nand eax, 3\npush 0\nret" }
