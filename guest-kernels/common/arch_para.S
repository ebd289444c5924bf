// The paravirtual kernel's entry, its way into a user program and back, and the one place where upcalls arrive.
// As on the bare machine, a stop of a program goes to its context and enter_user returns; an upcall out of the kernel
// itself is handled in place.
#include "user_context.inc"

// The numbers of hypercalls, as symbols.
#define HYPERCALL(name, number, ...) .set hypercall_##name, number
#define HYPERCALL_ERROR(...)
#define HYPERCALL_RULE(...)
#include "../../engine/spec/hypercalls.def"

        .section .text.boot, "ax"
        .globl  _start
_start:
        lea     kernel_stack_top(%rip), %rsp
        xor     %ebp, %ebp
        call    kernel_main
        ud2

        .text
        .globl  enter_user, upcall

// u64 enter_user(UserContext*, const IretFrame*): the vector of the stop. The frame brings RAX, RCX and R11.
enter_user:
        push_kernel_registers
        mov     %rsp, kernel_rsp(%rip)
        mov     %rdi, current(%rip)
        mov     %rsi, %rsp
        load_registers
        mov     RDI(%rdi), %rdi
        jmp     leave_upcall

// The stack holds an UpcallFrame: vector, error code, RIP, code selector, RFLAGS, RSP, stack selector.
upcall:
        testb   $3, 24(%rsp)
        jz      upcall_in_kernel
        take_stop
        save_registers
        mov     VECTOR(%rdi), %rax
        pop_kernel_registers
        ret

// RAX, and the places of vector and error code, become the start of the IretFrame for the way back.
upcall_in_kernel:
        push    %rax
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        cld
        lea     72(%rsp), %rdi
        call    kernel_upcall
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        mov     %rcx, 8(%rsp)
        mov     %r11, 16(%rsp)

// RSP: an IretFrame. Who comes back from here was refused.
leave_upcall:
        mov     $hypercall_iret, %eax
        syscall
        mov     %rax, %rdi
        call    iret_refused

        .section .bss
        .balign 16
        .skip   4096
kernel_stack_top:
kernel_rsp: .skip 8
current:    .skip 8
        .section .note.GNU-stack, "", @progbits
