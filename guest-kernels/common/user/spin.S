// u64 spin_while(address, value, flags, seed): waits until the word at `address` is no longer `value`, with every other
// register and all flags full of something known, and returns a checksum of what is left of them: an interrupt that
// arrives meanwhile must not leave a trace. No instruction of the loop writes a flag.
// u64 probe_*(...): one instruction that faults; the result is what the kernel says of the fault (user_space.h), or
// `unhurt` where there was none. R15 tells the kernel where to go on.
        .set    unhurt, -1

        .text
        .globl  spin_while
spin_while:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        neg     %rsi
        mov     %rcx, %rbx
        lea     1(%rbx), %rbp
        lea     2(%rbx), %r8
        lea     3(%rbx), %r9
        lea     4(%rbx), %r10
        lea     5(%rbx), %r11
        lea     6(%rbx), %r12
        lea     7(%rbx), %r13
        lea     8(%rbx), %r14
        push    %rdx
        popfq
1:      mov     (%rdi), %rcx
        lea     (%rcx, %rsi), %rcx
        jrcxz   1b
        pushfq
        pop     %rax
        and     $0x8d5, %eax
        movabs  $0x9e3779b97f4a7c15, %rcx
        .irp    register, rbx, rbp, r8, r9, r10, r11, r12, r13, r14
        xor     %\register, %rax
        rol     $23, %rax
        imul    %rcx, %rax
        .endr
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret

        .macro  probe name, instruction:vararg
        .globl  probe_\name
probe_\name:
        lea     1f(%rip), %r15
        mov     $unhurt, %rax
        \instruction
1:      xor     %r15d, %r15d
        ret
        .endm

        probe   read, mov (%rdi), %rcx
        probe   write, mov %rdi, (%rdi)
        probe   execute, call *%rdi
        probe   interrupts_off, cli
        probe   halt, hlt
        probe   port, out %al, $0xe0
        probe   control, mov %rdi, %cr3
        probe   undefined, ud2
        .globl  probe_divide
probe_divide:
        xor     %edx, %edx
        xor     %ecx, %ecx
        lea     1f(%rip), %r15
        mov     $unhurt, %rax
        div     %rcx
1:      xor     %r15d, %r15d
        ret
        .section .note.GNU-stack, "", @progbits
