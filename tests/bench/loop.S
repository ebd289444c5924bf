// The 8-instruction loop that scripts/bench measures, twice: as a guest of Trapline (ELF) and as a boot sector for machines
// that start like a PC. Both run the same instructions in 64-bit mode, COUNT times round, and then end the machine.

.macro eight_instructions
  movabsq $COUNT, %rcx
  movabsq $0x123456789abcdef, %rdx
  movl $0x9000, %esi
  movl $0x9040, %edi
  movabsq $0x00ff00ff00ff00ff, %r11
1:
  movq (%rsi), %rax
  addq %rdx, %rax
  movq %rax, (%rdi)
  xorq %rax, %r8
  leaq (%r8,%r9,2), %r9
  andq %r11, %r9
  decq %rcx
  jnz 1b
.endm

#ifdef ELF
.code64
.globl _start
_start:
  eight_instructions
  xorl %eax, %eax
  outl %eax, $0xf4
2:
  hlt
  jmp 2b
#else
.code16
.globl _start
_start:
  cli
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw $0x7000, %sp
  cld
  movw $0x1000, %di           // three pages of tables: PML4, PDPT, PD with one 2 MiB page
  movw $0x1800, %cx
  rep stosw
  movl $0x2003, 0x1000
  movl $0x3003, 0x2000
  movl $0x83, 0x3000
  movl $0x1000, %eax
  movl %eax, %cr3
  movl $0x20, %eax            // PAE
  movl %eax, %cr4
  movl $0xc0000080, %ecx      // EFER.LME
  rdmsr
  orl $0x100, %eax
  wrmsr
  lgdt gdt_register
  movl %cr0, %eax
  orl $0x80000001, %eax
  movl %eax, %cr0
  ljmp $8, $in_64_bit_mode
.code64
in_64_bit_mode:
  movl $0x10, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  eight_instructions
  xorl %eax, %eax
  outl %eax, $0xf4            // QEMU with isa-debug-exit ends here
  movl $bochs_shutdown, %esi
  movw $0x8900, %dx
  movl $8, %ecx
  rep outsb                   // and Bochs here
2:
  hlt
  jmp 2b
bochs_shutdown:
  .ascii "Shutdown"
.balign 8
gdt:
  .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_register:
  .word 23
  .long gdt
  .org 510
  .word 0xaa55
#endif
