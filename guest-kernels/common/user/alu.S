// One function of at most 32 bytes (or a jump to a longer one) for each row of alu.def and each width.
// In: RAX, RCX, RDX operands, R8 flags. Out: RAX, RDX results, R8 flags. Rows that an operand size lacks repeat a
// neighbouring size, so that every number can be called.
        .macro  function body:vararg
        .balign 32
        push    %r8
        popfq
        \body
        pushfq
        pop     %r8
        ret
        .endm

        .macro  two name                        // rax op= rcx
        function \name %cl, %al
        function \name %cx, %ax
        function \name %ecx, %eax
        function \name %rcx, %rax
        .endm

        .macro  one name                        // op rax
        function \name %al
        function \name %ax
        function \name %eax
        function \name %rax
        .endm

        .macro  by_count name                   // rax op= cl
        function \name %cl, %al
        function \name %cl, %ax
        function \name %cl, %eax
        function \name %cl, %rax
        .endm

        .macro  by_rcx name                     // rdx:rax op= rcx
        function \name %cl
        function \name %cx
        function \name %ecx
        function \name %rcx
        .endm

        .macro  no_byte name                    // like two, for 2, 4 and 8 bytes
        function \name %cx, %ax
        function \name %cx, %ax
        function \name %ecx, %eax
        function \name %rcx, %rax
        .endm

        .macro  double name                     // rax by cl, filled from rdx
        function \name %cl, %dx, %ax
        function \name %cl, %dx, %ax
        function \name %cl, %edx, %eax
        function \name %cl, %rdx, %rax
        .endm

        .text
        .balign 32
        .globl  alu_functions
alu_functions:
        two     add
        two     adc
        two     sub
        two     sbb
        two     and
        two     or
        two     xor
        two     cmp
        two     test
        one     inc
        one     dec
        one     neg
        one     not
        by_count shl
        by_count shr
        by_count sar
        by_count rol
        by_count ror
        by_count rcl
        by_count rcr
        by_rcx  mul
        by_rcx  imul
        no_byte imul
        by_rcx  div
        by_rcx  idiv
        double  shld
        double  shrd
        no_byte bt
        no_byte bts
        no_byte btr
        no_byte btc
        no_byte bsf
        no_byte bsr
        function bswap %eax
        function bswap %rax
        function bswap %eax
        function bswap %rax
        function xadd %dl, %al
        function xadd %dx, %ax
        function xadd %edx, %eax
        function xadd %rdx, %rax
        function cmpxchg %cl, %dl
        function cmpxchg %cx, %dx
        function cmpxchg %ecx, %edx
        function cmpxchg %rcx, %rdx
        // All sixteen conditions, as a number in RDX: by SETcc, and by CMOVcc.
        .rept   2
        .balign 32
        jmp     conditions_by_set
        .balign 32
        jmp     conditions_by_move
        .endr
        function movsbw %cl, %ax
        function movsbl %cl, %eax
        function movswl %cx, %eax
        function movslq %ecx, %rax
        function movzbw %cl, %ax
        function movzbl %cl, %eax
        function movzwl %cx, %eax
        function movzwq %cx, %rax
        // Flags through AH, and back with their opposites.
        .rept   2
        .balign 32
        push    %r8
        popfq
        lahf
        mov     %rax, %rdx
        xor     $0xd5, %ah
        sahf
        pushfq
        pop     %r8
        ret
        .balign 32
        push    %r8
        popfq
        cmc
        lahf
        mov     %rax, %rdx
        stc
        pushfq
        pop     %r8
        ret
        .endr

        .macro  by_set condition
        set\condition %cl
        lea     (%rcx, %rdx, 2), %rdx
        .endm
        .macro  by_move condition
        mov     $0, %ecx
        cmov\condition %r9, %rcx
        lea     (%rcx, %rdx, 2), %rdx
        .endm

        .balign 32
conditions_by_set:
        xor     %ecx, %ecx
        xor     %edx, %edx
        push    %r8
        popfq
        .irp    condition, o, no, c, nc, z, nz, be, a, s, ns, p, np, l, ge, le, g
        by_set  \condition
        .endr
        pushfq
        pop     %r8
        ret

conditions_by_move:
        xor     %edx, %edx
        mov     $1, %r9d
        push    %r8
        popfq
        .irp    condition, o, no, c, nc, z, nz, be, a, s, ns, p, np, l, ge, le, g
        by_move \condition
        .endr
        pushfq
        pop     %r8
        ret
        .section .note.GNU-stack, "", @progbits
