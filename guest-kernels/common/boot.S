// The two ways into a guest image.
//   _start     the lab's own entry: 64-bit mode, tables and boot info in place (MACHINE.md, "Entry").
//   pvh_start  the 32-bit entry of "Xen x86/HVM direct boot ABI" (PVH), which other machines know. It builds exactly
//              the state that _start expects and goes there, so one image proves itself on foreign machines too.

        .section .note.pvh, "a", @note
        .balign 4
        .long   4, 8, 18                        // name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .quad   pvh_start

        .section .text.boot, "ax"
        .code64
        .globl  _start
_start:
        lea     kernel_stack_top(%rip), %rsp
        xor     %ebp, %ebp
        call    kernel_main
        hlt

// Where the loader's things lie (MACHINE.md).
        .set    PML4, 0x1000
        .set    PDPT, 0x2000
        .set    DIRECTORY, 0x3000
        .set    GDT, 0x500
        .set    TSS, 0x580
        .set    INFO, 0x7000
        .set    STACK, 0x9000
// Offsets in hvm_start_info and its lists.
        .set    START_MODULES, 12
        .set    START_MODULE_LIST, 16
        .set    START_MAP, 40
        .set    START_MAP_ENTRIES, 48

        .code32
pvh_start:
        cld
        mov     $STACK, %esp
        call    gather_boot_info                // first: firmware may have left it where the next two write
        call    make_page_tables
        call    make_descriptors
        call    place_boot_info
        call    quiet_timer
        lgdt    gdt_pointer
        mov     $0x20, %eax                     // PAE
        mov     %eax, %cr4
        mov     $PML4, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx               // EFER: SCE, LME, NXE
        mov     $0x901, %eax
        xor     %edx, %edx
        wrmsr
        mov     $0x80010031, %eax               // PG, WP, NE, ET, PE
        mov     %eax, %cr0
        ljmp    $0x08, $in_long_mode

make_page_tables:
        xor     %eax, %eax
        mov     $PML4, %edi
        mov     $0xc00, %ecx
        rep stosl
        movl    $(PDPT + 3), PML4
        movl    $(DIRECTORY + 3), PDPT
        mov     $0x83, %eax                     // present, writable, 2 MiB
        mov     $DIRECTORY, %edi
1:      mov     %eax, (%edi)
        add     $0x200000, %eax
        add     $8, %edi
        cmp     $(DIRECTORY + 0x1000), %edi
        jne     1b
        ret

make_descriptors:
        mov     $boot_gdt, %esi
        mov     $GDT, %edi
        mov     $10, %ecx
        rep movsl
        xor     %eax, %eax
        mov     $TSS, %edi
        mov     $26, %ecx
        rep stosl
        ret

gather_boot_info:                               // EBX: hvm_start_info
        movl    $0x50415254, gathered
        movl    $0x4f464e49, gathered + 4
        mov     START_MAP(%ebx), %esi
        mov     START_MAP_ENTRIES(%ebx), %ecx
1:      jecxz   2f
        dec     %ecx
        cmpl    $0x100000, (%esi)               // the RAM above 1 MiB; what firmware keeps at its end counts too
        lea     24(%esi), %esi
        jne     1b
        mov     8 - 24(%esi), %eax
        add     $0x1fffff, %eax
        and     $0xfff00000, %eax
        mov     %eax, gathered + 8
2:      cmpl    $0, START_MODULES(%ebx)
        je      3f
        mov     START_MODULE_LIST(%ebx), %esi
        mov     (%esi), %eax
        mov     %eax, gathered + 24
        mov     8(%esi), %eax
        mov     %eax, gathered + 32
3:      ret

place_boot_info:
        mov     $gathered, %esi
        mov     $INFO, %edi
        mov     $10, %ecx
        rep movsl
        ret

// Firmware leaves counter 0 running. One short one-shot, waited for, leaves its output high and no edge to come.
quiet_timer:
        mov     $0x30, %al
        out     %al, $0x43
        mov     $1, %al
        out     %al, $0x40
        xor     %al, %al
        out     %al, $0x40
1:      mov     $0xe2, %al
        out     %al, $0x43
        in      $0x40, %al
        test    $0x80, %al
        jz      1b
        ret

        .code64
in_long_mode:
        mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     %eax, %fs
        mov     %eax, %gs
        mov     $0x18, %eax
        ltr     %ax
        xor     %eax, %eax
        lldt    %ax
        lidt    no_idt
        mov     $STACK, %esp
        push    $2
        popfq
        mov     $INFO, %edi
        jmp     _start

        .section .rodata.boot, "a"
        .balign 8
boot_gdt:
        .quad   0
        .quad   0x00af9b000000ffff              // 0x08: 64-bit code, DPL 0
        .quad   0x00cf93000000ffff              // 0x10: data, DPL 0
        .quad   0x0000890000000067 + (TSS << 16) // 0x18: available 64-bit TSS, which LTR makes busy
        .quad   0
gdt_pointer:
        .word   39
        .long   GDT
no_idt:
        .word   0
        .quad   0

        .section .bss
        .balign 16
gathered:
        .skip   48
        .skip   4096
        .globl  kernel_stack_top
kernel_stack_top:
        .section .note.GNU-stack, "", @progbits
