-- expect: find_out: your lines trapped
-- A privileged instruction: it traps, and the monitor tells the guest's CR0.
return { find_out = "mov rax, cr0\nand eax, 1\nxor eax, 1" }
