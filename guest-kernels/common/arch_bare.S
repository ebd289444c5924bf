// The way from the kernel to a user program and back, and the stubs behind the IDT.
// A stop at CPL 3 never runs kernel code "inside" the user program: its registers go to its context, and enter_user
// returns to whoever called it. An interrupt at CPL 0 (only while the kernel waits for one) is handled in place.
#include "user_context.inc"

#define USER_DATA 0x23
#define USER_CODE 0x2b
#define SYSTEM_CALL 0x100

        .text
        .globl  enter_user, system_call_entry, vector_stubs

// u64 enter_user(UserContext*): the vector of the stop.
enter_user:
        push_kernel_registers
        mov     %rsp, kernel_rsp(%rip)
        mov     %rdi, current(%rip)
        cmpq    $SYSTEM_CALL, VECTOR(%rdi)
        je      by_sysret
        pushq   $USER_DATA
        pushq   RSP(%rdi)
        pushq   RFLAGS(%rdi)
        pushq   $USER_CODE
        pushq   RIP(%rdi)
        mov     RCX(%rdi), %rcx
        mov     R11(%rdi), %r11
        call    load_common
        mov     RDI(%rdi), %rdi
        iretq

// SYSCALL took RCX and R11 from the program, so SYSRET may use them. The kernel stack is left behind.
by_sysret:
        mov     RIP(%rdi), %rcx
        mov     RFLAGS(%rdi), %r11
        call    load_common
        mov     RSP(%rdi), %rsp
        mov     RDI(%rdi), %rdi
        sysretq

load_common:
        load_registers
        ret

// RCX: user RIP, R11: user RFLAGS, RSP still the user's.
system_call_entry:
        mov     %rcx, user_rip(%rip)
        mov     current(%rip), %rcx
        mov     %rsp, RSP(%rcx)
        mov     kernel_rsp(%rip), %rsp
        mov     %rax, RAX(%rcx)
        mov     %r11, RFLAGS(%rcx)
        mov     %r11, R11(%rcx)
        mov     user_rip(%rip), %rax
        mov     %rax, RIP(%rcx)
        mov     %rax, RCX(%rcx)
        movq    $SYSTEM_CALL, VECTOR(%rcx)
        mov     %rdi, RDI(%rcx)
        mov     %rcx, %rdi
        jmp     save_common

// RDI: context, with RAX, RCX, RDI, R11, the frame and the vector already in it; RSP: as enter_user left it.
save_common:
        save_registers
        mov     VECTOR(%rdi), %rax
        pop_kernel_registers
        ret

// The vectors that push an error code (SDM vol. 3, "Error Code"): 8, 10 to 14, 17, 21.
        .balign 16
vector_stubs:
        .set    number, 0
        .rept   48
        .balign 16
        .if (number == 8) || ((number >= 10) && (number <= 14)) || (number == 17) || (number == 21)
        .else
        pushq   $0
        .endif
        pushq   $number
        jmp     trapped
        .set    number, number + 1
        .endr

// The stack holds vector, error code, RIP, CS, RFLAGS, RSP, SS.
trapped:
        testb   $3, 24(%rsp)
        jz      trapped_in_kernel
        take_stop
        jmp     save_common

trapped_in_kernel:
        push    %rax
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        lea     72(%rsp), %rdi
        call    kernel_trap
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rax
        add     $16, %rsp
        iretq

        .section .bss
        .balign 8
kernel_rsp: .skip 8
current:    .skip 8
user_rip:   .skip 8
        .section .note.GNU-stack, "", @progbits
