// Every user program starts at the first byte of the image with its number in RDI and an argument in RSI.
        .section .text.start, "ax"
        .globl  user_start
user_start:
        cld
        call    user_main
        mov     %rax, %rdi
        xor     %eax, %eax                      // Call::exit
        syscall
        ud2
        .section .note.GNU-stack, "", @progbits
