-- expect: find_out: your assembly
return { find_out = "movl %cs, %eax\nandl $3, %eax" }
