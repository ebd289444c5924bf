-- expect: find_out: interrupts on
-- IF is 1 outside ring 0 for sure, but a kernel may have set it itself.
return { find_out = "pushfq\npop rax\nand eax, 0x200" }
