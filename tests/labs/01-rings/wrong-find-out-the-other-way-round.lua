-- expect: find_out: here the kernel is at CPL 0
return { find_out = "mov ecx, cs\nxor eax, eax\ntest ecx, 3\nsetz al" }
