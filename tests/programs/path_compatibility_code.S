// 32-bit code in a 64-bit program: there by each kind of far branch, back by each, with calls, loops,
// repeated string instructions, self-modification and a system call in between.
#include "path_asm.inc"
program
    jmp start
    .section .changing, "awx"
start:
    mov %rsp, %rbp
    lea stack_end(%rip), %rsp
    lcall *to_first(%rip)
    mov $0x2345678900000003, %rcx
    ljmp *to_second(%rip)
    .code32
first:
    push $0x2b
    pop %ds
    push $0x2b
    pop %es
    mov $5, %ecx
1:  call add
    dec %ecx
    jne 1b
    mov $area, %edi
    mov $20, %ecx
    rep stosb
    mov $7, %edx
    mov %dl, area
    lret
second:
    movb $0x2a, 1f + 1
1:  mov $1, %ebx
    mov $20, %eax
    int $0x80
    inc %eax
    pushf
    push $0x33
    push $third
    mov $0, %ecx
    jecxz 2f
    nop
2:  lret
add:
    add %ecx, %eax
    ret
    .code64
third:
    add $4, %rsp
    mov %ss, %eax
    push %rax
    lea stack_end(%rip), %rax
    push %rax
    pushfq
    push $0x23
    lea fourth(%rip), %rax
    push %rax
    iretq
    .code32
fourth:
    inc %ebp
    dec %ebp
    ljmp $0x33, $fifth
    .code64
fifth:
    mov %ebx, %edi
    sub $0x2a, %edi
    mov $60, %eax
    syscall
    .data
to_first: .long first
    .word 0x23
to_second: .long second
    .word 0x23
area: .fill 64
    .balign 16
    .fill 4096
stack_end:
